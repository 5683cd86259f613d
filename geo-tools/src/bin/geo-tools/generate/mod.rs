//! `geo-tools generate`: invented ground, the same for the same seed.

mod lattice;
mod tables;
mod town;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use geo_tools::generate::{Day, InvalidTown, MAX_LATTICE_CELLS, PositionOrder};

use crate::{Unusable, Verdict};

/// Make invented ground: a town with households and half a year of history, a city, or a lattice to measure with.
///
/// The same options give the same bytes. A README.md in the folder says what each file is.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What to make.
    #[arg(long, value_enum, default_value_t = Preset::TownCn)]
    preset: Preset,
    /// How many cells; without it 56 for town-cn, 1 400 for city, 10 000 for bench.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LATTICE_CELLS)))]
    cells: Option<u32>,
    /// Chance begins here.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How many households a town has; without it 8 857 for 56 cells, and 400 a cell in a city.
    #[arg(long, value_name = "N")]
    households: Option<u32>,
    /// The last day of a town's half year of history.
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-06-30", value_parser = day)]
    until: Day,
    /// bench: of a thousand cells, how many lie in the hole of another.
    #[arg(long, value_name = "PER MILLE", default_value_t = 0)]
    enclaves: u32,
    /// bench: for a thousand cells, how many pieces of one lie in the hole of another.
    #[arg(long, value_name = "PER MILLE", default_value_t = 0)]
    exclaves: u32,
    /// bench: of a thousand cells, how many have two squares; at most about 60.
    #[arg(long, value_name = "PER MILLE", default_value_t = 0)]
    multipolygons: u32,
    /// bench: for a thousand cells, how many holes belong to nobody; they are listed in voids.geojson.
    #[arg(long, value_name = "PER MILLE", default_value_t = 0)]
    voids: u32,
    /// bench: how many positions to write to positions.csv.
    #[arg(long, value_name = "N", default_value_t = 0)]
    positions: u64,
    /// bench: in which order they come.
    #[arg(long, value_enum, default_value_t = Order::Random)]
    order: Order,
    /// The folder to write to; it is made where there is none, and files of the same names are replaced.
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// What can be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Preset {
    /// A small town in China: villages, cells, streets, buildings, households, incidents, visits.
    TownCn,
    /// The same as a city of several townships.
    City,
    /// Cells of 37 vertices and nothing else.
    Bench,
}

/// In which order positions come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Order {
    /// Each anywhere.
    Random,
    /// Near ones come together.
    Spatial,
}

impl From<Order> for PositionOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Random => Self::Random,
            Order::Spatial => Self::Spatial,
        }
    }
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| format!("{text} must be a day such as 2026-06-30"))
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ungenerated {
    #[error("{0}")]
    Town(#[from] InvalidTown),
    #[error("cannot write {path}: {source}")]
    Write { path: String, source: std::io::Error },
}

impl Ungenerated {
    fn writing(path: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        |source| Self::Write { path: path.display().to_string(), source }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Unusable> {
    std::fs::create_dir_all(&arguments.output).map_err(Ungenerated::writing(&arguments.output))?;
    match arguments.preset {
        Preset::TownCn | Preset::City => town::write(arguments)?,
        Preset::Bench => lattice::write(arguments)?,
    }
    Ok(Verdict::Fine)
}
