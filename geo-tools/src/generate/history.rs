//! Half a year of incidents and visits.

use crate::generate::days::{Day, Minute};
use crate::generate::random::{Purpose, Random};
use crate::generate::town::Town;
use crate::position::Position;

const SAID: &str = include_str!("incidents.txt");
const DAYS: i32 = 182;
/// Half a year has so many incidents a cell, and no more than one import takes.
const INCIDENTS_PER_CELL: u32 = 24;
const MAX_INCIDENTS: u32 = 20_000;
/// Of so many incidents one is closed within an hour or so, most others within their category's time.
const QUICK_EVERY: u64 = 3;
/// Of so many others one takes up to twice that time.
const LATE_EVERY: u64 = 9;
/// Of so many one is still open, if it is not older than some days.
const FORGOTTEN_EVERY: u64 = 20;
const FORGOTTEN_MINUTES: u32 = 9 * 1440;
const MAX_VISITS_A_DAY: u64 = 4;

/// Something that was reported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incident {
    /// Its code: `I` and six digits, in the order of time.
    pub code: String,
    /// The category's code, as in the rules that Gridward comes with.
    pub category: &'static str,
    /// How it was reported.
    pub channel: &'static str,
    /// What was said.
    pub text: String,
    /// Where it is.
    pub position: Position,
    /// When, with its offset.
    pub occurred_at: String,
    /// When it was closed and with what note; `None` is open.
    pub closed: Option<(String, &'static str)>,
}

/// A visit to a household by whoever looks after its cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visit {
    /// Its code: `V` and seven digits, in the order of time to the day.
    pub code: String,
    /// The household's code.
    pub household: String,
    /// The cell, an index into [`Town::cells`].
    pub cell: usize,
    /// When, with its offset.
    pub visited_at: String,
    /// `met` or `absent`.
    pub outcome: &'static str,
}

struct Saying {
    category: &'static str,
    weight: u64,
    channel: &'static str,
    is_on_street: bool,
    within_hours: u64,
    text: &'static str,
    note: &'static str,
}

impl Saying {
    fn minutes_to_close(&self, random: &mut Random) -> u32 {
        let within = self.within_hours * 60;
        let minutes = if random.below(QUICK_EVERY) == 0 {
            20 + random.below(90)
        } else if random.below(LATE_EVERY) == 0 {
            within + random.below(within)
        } else {
            120 + random.below(within - 120)
        };
        minutes as u32
    }
}

fn sayings() -> Vec<Saying> {
    let lines = SAID.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut fields = line.split("; ");
            Some(Saying {
                category: fields.next()?,
                weight: fields.next()?.parse().ok()?,
                channel: fields.next()?,
                is_on_street: fields.next()? == "street",
                within_hours: fields.next()?.parse().ok()?,
                text: fields.next()?,
                note: fields.next()?,
            })
        })
        .collect()
}

impl Town {
    /// The first day of the history.
    pub fn since(&self) -> Day {
        self.options.until.before(DAYS - 1)
    }

    /// What was reported in half a year, in the order of time.
    pub fn incidents(&self) -> Vec<Incident> {
        let sayings = sayings();
        let mut random = Random::new(self.options.seed, Purpose::Incidents);
        let count = self.options.cells.saturating_mul(INCIDENTS_PER_CELL).min(MAX_INCIDENTS);
        let mut times: Vec<Minute> = (0..count)
            .map(|_| {
                let day = self.options.until.before(random.below(DAYS as u64) as i32);
                Minute::of(day, (7 * 60 + random.below(15 * 60)) as u32)
            })
            .collect();
        times.sort_unstable();
        let end = Minute::of(self.options.until, 1439);
        let drawn = times.into_iter().enumerate();
        drawn.map(|(number, at)| self.incident(number, at, end, &sayings, &mut random)).collect()
    }

    fn incident(
        &self,
        number: usize,
        at: Minute,
        end: Minute,
        sayings: &[Saying],
        random: &mut Random,
    ) -> Incident {
        let all = sayings.iter().map(|saying| saying.weight).sum();
        let mut left = random.below(all);
        let drawn = sayings.iter().position(|saying| {
            let is_it = left < saying.weight;
            left = left.saturating_sub(saying.weight);
            is_it
        });
        let saying = &sayings[drawn.unwrap_or(0)];
        let building = &self.buildings[random.index(self.buildings.len())];
        let place = if saying.is_on_street {
            // Addresses are a street with a number.
            building.address.trim_end_matches(|end: char| end == '号' || end.is_ascii_digit())
        } else {
            &building.address
        };
        let closed_at = at.after(saying.minutes_to_close(random));
        let is_forgotten = random.below(FORGOTTEN_EVERY) == 0 && at.after(FORGOTTEN_MINUTES) > end;
        let is_closed = closed_at <= end && !is_forgotten;
        Incident {
            code: format!("I{:06}", number + 1),
            category: saying.category,
            channel: saying.channel,
            text: saying.text.replace("{place}", place),
            position: building.position,
            occurred_at: at.to_string(),
            closed: is_closed.then(|| (closed_at.to_string(), saying.note)),
        }
    }

    /// The visits of half a year, day by day: every working day some households of every cell.
    pub fn visits(&self) -> impl Iterator<Item = Visit> + '_ {
        let mut random = Random::new(self.options.seed, Purpose::Visits);
        let households = self.households_of_cells();
        let days = (0..DAYS).rev().map(|before| self.options.until.before(before));
        let rounds = days.filter(|day| day.weekday() < 5);
        let rounds = rounds.flat_map(move |day| (0..self.cells.len()).map(move |cell| (day, cell)));
        let mut number = 0;
        rounds.flat_map(move |(day, cell)| {
            let [first, end] = households[cell];
            let count = if first == end { 0 } else { random.below(MAX_VISITS_A_DAY) };
            let visits: Vec<Visit> = (0..count)
                .map(|_| {
                    number += 1;
                    let household = first + random.below(u64::from(end - first)) as u32;
                    Visit {
                        code: format!("V{number:07}"),
                        household: self.household(household).code,
                        cell,
                        visited_at: Minute::of(day, (9 * 60 + random.below(8 * 60)) as u32).to_string(),
                        outcome: if random.below(5) == 0 { "absent" } else { "met" },
                    }
                })
                .collect();
            visits
        })
    }

    /// For each cell the first household and the one after the last.
    fn households_of_cells(&self) -> Vec<[u32; 2]> {
        let mut ranges = vec![[0, 0]; self.cells.len()];
        for group in self.buildings.chunk_by(|a, b| a.cell == b.cell) {
            if let (Some(first), Some(last)) = (group.first(), group.last()) {
                ranges[first.cell.index()] = [first.first_household, last.first_household + last.households];
            }
        }
        ranges
    }
}
