//! FlatGeobuf in and out: a header, an index of boxes along the Hilbert curve, and the features, each as one FlatBuffer.
//!
//! Out: `buffer` writes a FlatBuffer, `index` the tree of boxes, `write` the file. In: `view` looks into a FlatBuffer, `value`
//! reads properties, `read` the file as a stream. See <https://flatgeobuf.org>.
//!
//! Invariant: features are written in the order of the index, not in that in which they came.
//! Invariant: no offset or count of a file is trusted beyond the bytes that are there.

mod buffer;
mod index;
mod read;
mod value;
mod view;
pub(super) mod write;

pub(super) use read::read;
