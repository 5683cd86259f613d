//! Coverages from outside: real towns, planted breaks, and slow obvious oracles.

mod real;
mod support;
