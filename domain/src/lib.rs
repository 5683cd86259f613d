//! What Gridward means: districts, cells, plans, households, incidents, who may do what. Pure.
//!
//! One thing, one word: the glossary is `docs/words.md`, and the same nouns name the files of every layer above.
//! Start at [`plan::Plan`], which places things, and at [`access`], which says who may see them.
//!
//! Invariant: no SQL, HTTP, async, clock or random number; time and ids come in as arguments.
//! Invariant: a value that exists is valid; only constructors named `new`, `parse` or `file` can refuse.

#![warn(missing_docs)]

pub mod access;
pub mod audit;
pub mod cell;
pub mod district;
pub mod event;
#[cfg(test)]
mod fixtures;
pub mod household;
pub mod ids;
pub mod incident;
pub mod input;
pub mod level;
pub mod page;
pub mod plan;
pub mod rules;
pub mod staff;
pub mod text;
pub mod viewer;
