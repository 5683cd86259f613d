//! FlatGeobuf out: a header, an index of boxes along the Hilbert curve, and the features, each as one FlatBuffer.
//!
//! `buffer` writes a FlatBuffer, `index` the tree of boxes, `write` the file. See <https://flatgeobuf.org>.
//!
//! Invariant: features stand in the order of the index, not in that in which they came.

mod buffer;
mod index;
pub(super) mod write;
