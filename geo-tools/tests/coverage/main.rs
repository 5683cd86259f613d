//! Coverages from outside: real towns, planted breaks, and slow obvious oracles.

#[cfg(test)]
mod cost;
#[cfg(test)]
#[path = "../data/mod.rs"]
mod data;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod parents;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod proof;
#[cfg(test)]
mod random;
#[cfg(test)]
mod real;
#[cfg(test)]
mod repaired;
#[cfg(test)]
mod repairs;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod simplify;
#[cfg(test)]
mod straits;
#[cfg(test)]
mod support;
