//! Districting: what makes plans, what judges them, and the commands.
#![expect(clippy::expect_used, reason = "a test's own tools fail the test")]

mod commands;
mod explained;
mod oracle;
mod page;
mod planted;
mod real;
mod same;
mod support;

#[path = "../data/mod.rs"]
mod data;
