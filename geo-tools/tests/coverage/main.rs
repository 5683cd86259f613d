//! Coverages from outside: real towns, planted breaks, and slow obvious oracles.

#[cfg(test)]
mod real;
#[cfg(test)]
mod support;
