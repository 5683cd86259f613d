//! Districting: what makes plans, what judges them, and the commands.
#![expect(clippy::expect_used, reason = "a test's own tools fail the test")]

mod barriers;
mod clear;
mod commands;
mod explained;
mod flows;
mod kept;
mod oracle;
mod page;
mod planted;
mod real;
mod rebalance;
mod rebalance_commands;
mod rounds;
mod same;
mod support;
mod work;

#[path = "../data/mod.rs"]
mod data;
