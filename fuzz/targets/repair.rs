//! Repairing areas as drawn: what comes out is a coverage or says what is left, and repairing it again changes nothing.
#![no_main]

use fuzz::mending;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| mending::check(bytes));
