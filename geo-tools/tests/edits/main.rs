//! Edits of a coverage from outside: at random beside slow obvious oracles, and each kind of impossible one by name.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod ground;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod random;
#[cfg(test)]
mod soak;
