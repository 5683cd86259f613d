//! One contestant of `make bench-peers`: loads its input, says `ready`, then runs a round at each line `round` and answers
//! with its seconds; `answers PATH` writes what it found.
//!
//! `bench-peers CONTESTANT TASK FOLDER`. The files in the folder are made by `run.py`, which also reads the answers.
//! `bench-peers plans …` is not spoken to: see `plans.rs`.

mod coverage;
mod locate;
mod parse;
mod plans;
mod tg;
mod tile;

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

/// Somebody who does a task again and again.
trait Contestant {
    /// Does all of it once.
    fn round(&mut self);

    /// What was found, as the task's file of answers.
    fn answers(&mut self) -> Vec<u8>;
}

fn contestant(who: &str, task: &str, folder: &Path) -> Result<Box<dyn Contestant>, Failure> {
    Ok(match (who, task) {
        ("gridward", "locate") => Box::new(locate::Ours::load(folder)?),
        ("rstar-geo", "locate") => Box::new(locate::RstarGeo::load(folder)?),
        ("tg", "locate") => Box::new(tg::Locate::load(folder)?),
        ("gridward", "parse") => Box::new(parse::Ours::load(folder)?),
        ("geojson-crate", "parse") => Box::new(parse::Crate::load(folder)?),
        ("tg", "parse") => Box::new(tg::Parse::load(folder)?),
        ("gridward", "validate") => Box::new(coverage::Validate::load(folder)?),
        ("gridward-proof", "validate") => Box::new(coverage::Prove::load(folder)?),
        ("gridward", "simplify") => Box::new(coverage::Simplify::load(folder)?),
        ("gridward", "union") => Box::new(coverage::Union::load(folder)?),
        ("gridward", "tile") => Box::new(tile::Ours::load(folder)?),
        _ => return Err(format!("nobody called {who} does {task}").into()),
    })
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = &arguments[..]
        && first == "plans"
    {
        return plans::run(rest);
    }
    let [who, task, folder] = &arguments[..] else {
        return Err("CONTESTANT TASK FOLDER are expected".into());
    };
    let mut contestant = contestant(who, task, Path::new(folder))?;
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        match line?.split_once(' ') {
            None => {
                let start = Instant::now();
                contestant.round();
                println!("{}", start.elapsed().as_secs_f64());
            }
            Some((_, path)) => {
                std::fs::write(path, contestant.answers())?;
                println!("written");
            }
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}
