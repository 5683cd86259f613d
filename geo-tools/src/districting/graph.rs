//! Units and which of them lie beside each other: what is cut into cells.

use std::collections::{BTreeMap, HashMap};

use crate::coverage::{Coverage, Leaf};
use crate::districting::clear::{ClearBorder, clear_mm, cost_mm};
use crate::districting::{Rounds, Weight};
use crate::{Code, Polygon, Position, Problem, measure, shown};

/// More than this cannot be added up without care: four million million.
const MOST_TOTAL_THOUSANDTHS: i64 = 4_000_000_000_000_000;
const MM_PER_M: f64 = 1e3;

/// The smallest piece of ground, which is never cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// What it is called; no other is called so.
    pub id: String,
    /// What its cells must not reach out of; units without a parent have one in common.
    pub parent: Option<String>,
    /// How much it counts.
    pub weight: Weight,
    /// Somewhere in its middle.
    pub at: Position,
    /// All of its border, in millimetres.
    pub perimeter_mm: i64,
    /// Its ground, in square metres.
    pub area_m2: f64,
}

/// Two units with a border between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The index of the one.
    pub first: u32,
    /// The index of the other, which is greater.
    pub second: u32,
    /// How long the border is, in millimetres; never 0.
    pub shared_mm: i64,
}

/// Units with their links, each pair once and in order.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitGraph {
    units: Vec<Unit>,
    links: Vec<Link>,
    /// For each link whether no cell reaches across it; empty where all are open.
    is_barred: Vec<bool>,
    /// For each link how much of it runs along clear lines, in millimetres; `None` where nobody said.
    clear_mm: Option<Vec<i64>>,
    /// How units are visited, where cells shall be visitable in a time.
    rounds: Option<Rounds>,
}

impl UnitGraph {
    /// Units and links in any order; a pair that comes several times shares the sum.
    ///
    /// # Errors
    /// Everything that is wrong: ids that come twice, weights that cannot be summed, links that lead nowhere or to
    /// themselves or have no length.
    pub fn new(units: Vec<Unit>, links: Vec<Link>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut first_with: HashMap<&str, usize> = HashMap::with_capacity(units.len());
        for (at, unit) in units.iter().enumerate() {
            let first = *first_with.entry(&unit.id).or_insert(at);
            if first != at {
                let message = format!("two units are called \u{201c}{}\u{201d}", shown::text(&unit.id));
                problems
                    .push(Problem { indexes: vec![first, at], ..Problem::error(Code::DuplicateId, message) });
            }
        }
        let total: i128 = units.iter().map(|unit| i128::from(unit.weight.thousandths())).sum();
        if total > i128::from(MOST_TOTAL_THOUSANDTHS) {
            let message = "the weights sum to more than 4 000 000 000 000, which is the limit";
            problems.push(Problem::error(Code::BadValue, message));
        }
        for link in &links {
            problems.extend(link_problem(&units, *link));
        }
        drop(first_with);
        if problems.is_empty() { Ok(Self::of_sound(units, links)) } else { Err(problems) }
    }

    /// Of units and links that came out of another graph.
    pub(crate) fn of_sound(units: Vec<Unit>, links: Vec<Link>) -> Self {
        Self { units, links: in_order(links), is_barred: Vec::new(), clear_mm: None, rounds: None }
    }

    /// The units.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }

    /// The links, each pair once, in order.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The same units and borders, but that cells do not hang together across those of some pairs, given the lower first
    /// and in order.
    pub fn with_barred(mut self, pairs: &[[u32; 2]]) -> Self {
        let is_barred = |link: &Link| pairs.binary_search(&[link.first, link.second]).is_ok();
        self.is_barred = self.links.iter().map(is_barred).collect();
        self
    }

    /// Whether cells do not hang together across a link, by its place in [`Self::links`].
    pub fn is_barred(&self, link: usize) -> bool {
        self.is_barred.get(link).copied().unwrap_or(false)
    }

    /// The same units and borders, of which some parts run along clear lines, given in order of their pairs.
    pub fn with_clear(mut self, clear: &[ClearBorder]) -> Self {
        self.clear_mm = Some(self.links.iter().map(|link| clear_mm(link, clear)).collect());
        self
    }

    /// The same by the length of what is clear between two units.
    pub(crate) fn with_clear_mm(mut self, clear_mm: &BTreeMap<[u32; 2], i64>) -> Self {
        let of = |link: &Link| clear_mm.get(&[link.first, link.second]).copied().unwrap_or(0);
        self.clear_mm = Some(self.links.iter().map(of).collect());
        self
    }

    /// How much of a link runs along clear lines, in millimetres, by its place in [`Self::links`]; `None` where nobody said
    /// which lines are clear.
    pub fn clear_mm(&self, link: usize) -> Option<i64> {
        self.clear_mm.as_ref()?.get(link).copied()
    }

    /// Whether it was said which lines are clear.
    pub fn knows_clear_lines(&self) -> bool {
        self.clear_mm.is_some()
    }

    /// The same units, whose cells shall be visitable in a time.
    pub fn with_rounds(mut self, rounds: Rounds) -> Self {
        self.rounds = Some(rounds);
        self
    }

    /// How units are visited; `None` where nobody asked whether cells can be.
    pub fn rounds(&self) -> Option<&Rounds> {
        self.rounds.as_ref()
    }

    /// What a link counts for where borders shall be short, in millimetres, by its place in [`Self::links`].
    pub(crate) fn cost_mm(&self, link: usize, clear_worth_ppm: u32) -> i64 {
        let shared_mm = self.links[link].shared_mm;
        self.clear_mm(link).map_or(shared_mm, |clear_mm| cost_mm(shared_mm, clear_mm, clear_worth_ppm))
    }

    /// The links across which cells hang together.
    pub fn open_links(&self) -> impl Iterator<Item = &Link> {
        self.links.iter().enumerate().filter(|(at, _)| !self.is_barred(*at)).map(|(_, link)| link)
    }
}

fn link_problem(units: &[Unit], link: Link) -> Option<Problem> {
    let Link { first, second, shared_mm } = link;
    let name = |at: u32| units.get(at as usize).map(|unit| shown::text(&unit.id));
    let (Some(one), Some(other)) = (name(first), name(second)) else {
        let message = format!("a link joins units {first} and {second}, there are {}", units.len());
        return Some(Problem::error(Code::BadValue, message));
    };
    if first == second {
        let message = format!("unit \u{201c}{one}\u{201d} is said to lie beside itself");
        return Some(Problem::error(Code::BadValue, message));
    }
    (shared_mm <= 0).then(|| {
        let message = format!(
            "the border between \u{201c}{one}\u{201d} and \u{201c}{other}\u{201d} has no length; it must be above 0"
        );
        Problem::error(Code::BadValue, message)
    })
}

fn in_order(links: Vec<Link>) -> Vec<Link> {
    let turned =
        |link: Link| Link { first: link.first.min(link.second), second: link.first.max(link.second), ..link };
    let mut links: Vec<Link> = links.into_iter().map(turned).collect();
    links.sort_unstable();
    links.dedup_by(|later, kept| {
        let same = (later.first, later.second) == (kept.first, kept.second);
        if same {
            kept.shared_mm = kept.shared_mm.saturating_add(later.shared_mm);
        }
        same
    });
    links
}

/// The links of a coverage whose leaves are the units: those with a border of positive length between them.
pub fn links_of(coverage: &Coverage) -> Vec<Link> {
    let joined = coverage.borders().iter().filter_map(|border| match (border.left, border.right) {
        (Some(Leaf(first)), Some(Leaf(second))) if first != second => {
            // Two positions that differ are apart, however little: a border is never without length.
            let shared_mm = millimetres(measure::length_m(&border.line)).max(1);
            Some(Link { first, second, shared_mm })
        }
        _ => None,
    });
    in_order(joined.collect())
}

/// How long the border of a unit is, its holes included, in millimetres.
pub fn perimeter_mm(polygons: &[Polygon]) -> i64 {
    let ring_m = |ring: &[Position]| {
        let closing_m = match (ring.last(), ring.first()) {
            (Some(&last), Some(&first)) => measure::distance_m(last, first),
            _ => 0.0,
        };
        measure::length_m(ring) + closing_m
    };
    millimetres(polygons.iter().flat_map(Polygon::rings).map(ring_m).sum())
}

/// Metres in whole millimetres.
pub fn millimetres(length_m: f64) -> i64 {
    (length_m * MM_PER_M).round() as i64
}
