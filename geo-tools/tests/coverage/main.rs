//! Coverages from outside: real towns, planted breaks, and slow obvious oracles.

#[cfg(test)]
#[expect(unreachable_pub, dead_code, reason = "it belongs to the fuzz targets, which use all of it")]
#[path = "../../../fuzz/src/choices.rs"]
mod choices;
#[cfg(test)]
mod cost;
#[cfg(test)]
#[path = "../data/mod.rs"]
mod data;
#[cfg(test)]
#[expect(unreachable_pub, dead_code, reason = "it belongs to the fuzz targets, which use all of it")]
#[path = "../../../fuzz/src/drawing.rs"]
mod drawing;
#[cfg(test)]
mod found;
#[cfg(test)]
#[expect(unreachable_pub, reason = "it belongs to a fuzz target")]
#[path = "../../../fuzz/src/mending.rs"]
mod mending;
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
