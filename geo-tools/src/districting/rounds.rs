//! How long it takes to visit every household of a cell once, on foot.
//!
//! The way is estimated, from what can be added up over units, so that it is known at once what a unit more or less comes to:
//! straight as the shortest tour through places strewn over ground, which tends to 0.7124 √(places × ground) (Beardwood, Halton
//! and Hammersley 1959; the constant by Johnson, McGeoch and Rothberg 1996); along streets as all streets where somebody lives,
//! each once.
//!
//! Invariant: ground and streets where nobody lives are not walked.

use crate::districting::{Unit, Weight};

/// The square of 0.7124, for thousandths of places and square metres of ground, in square millimetres.
const SQUARED_NUMERATOR: i128 = 50_751_376;
const SQUARED_DENOMINATOR: i128 = 100_000;
const MS_PER_S: i128 = 1_000;
const S_PER_H: i128 = 3_600;

/// What takes how long, and how long a round may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundRules {
    /// How long a visit takes, in seconds.
    pub visit_s: u32,
    /// How far one walks in an hour, in metres.
    pub walk_m_per_h: u32,
    /// How long a round may take, in seconds.
    pub most_s: u32,
}

/// What of a unit, or of several, a round takes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    /// How many households are visited, in thousandths.
    pub households_thousandths: i64,
    /// The ground on which they live, in square metres.
    pub ground_m2: i64,
    /// The streets along which they live, in millimetres; 0 where no streets are given.
    pub streets_mm: i64,
}

/// Along what one walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// Straight from door to door.
    Straight,
    /// Along streets that were given.
    Streets,
}

/// The rounds of a graph: what they take in of each unit, and how long they may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounds {
    rules: RoundRules,
    ways: Ways,
    stops: Vec<Stop>,
}

impl Rounds {
    /// Straight through units with so many households each.
    pub fn straight(rules: RoundRules, units: &[Unit], households: &[Weight]) -> Self {
        Self { rules, ways: Ways::Straight, stops: stops(units, households).collect() }
    }

    /// Along streets, of which each unit has so many millimetres.
    pub fn along_streets(
        rules: RoundRules,
        units: &[Unit],
        (households, streets_mm): (&[Weight], &[i64]),
    ) -> Self {
        let along = |(stop, &streets_mm): (Stop, &i64)| Stop {
            streets_mm: if stop.households_thousandths > 0 { streets_mm } else { 0 },
            ..stop
        };
        let stops = stops(units, households).zip(streets_mm).map(along).collect();
        Self { rules, ways: Ways::Streets, stops }
    }

    /// What takes how long.
    pub fn rules(&self) -> RoundRules {
        self.rules
    }

    /// Along what one walks.
    pub fn ways(&self) -> Ways {
        self.ways
    }

    /// What a round takes in of a unit.
    pub fn stop(&self, unit: usize) -> Stop {
        self.stops.get(unit).copied().unwrap_or_default()
    }

    /// The same for some units out of these, each of which may stand for several.
    pub(crate) fn of_units<'a>(&self, units: impl Iterator<Item = &'a [u32]>) -> Self {
        let together = |units: &[u32]| -> Stop { units.iter().map(|&unit| self.stop(unit as usize)).sum() };
        Self { stops: units.map(together).collect(), ..*self }
    }

    /// By how much a round takes longer than it may, in milliseconds. Ground that becomes several cells may take as many
    /// times as long: the way through all of it is that through its parts.
    pub(crate) fn late_ms(&self, stop: Stop, cell_count: u32) -> i128 {
        let RoundRules { visit_s, walk_m_per_h, most_s } = self.rules;
        let visits_ms = i128::from(stop.households_thousandths) * i128::from(visit_s);
        let walk_ms = self.walk_mm(stop) * S_PER_H / i128::from(walk_m_per_h.max(1));
        (visits_ms + walk_ms - i128::from(most_s) * i128::from(cell_count) * MS_PER_S).max(0)
    }

    fn walk_mm(&self, stop: Stop) -> i128 {
        match self.ways {
            Ways::Streets => stop.streets_mm.into(),
            Ways::Straight => {
                let strewn = i128::from(stop.households_thousandths) * i128::from(stop.ground_m2);
                (strewn * SQUARED_NUMERATOR / SQUARED_DENOMINATOR).isqrt()
            }
        }
    }
}

/// What a straight round takes in of each unit.
fn stops<'a>(units: &'a [Unit], households: &'a [Weight]) -> impl Iterator<Item = Stop> + 'a {
    units.iter().zip(households).map(|(unit, households)| Stop {
        households_thousandths: households.thousandths(),
        ground_m2: if households.thousandths() > 0 { unit.area_m2.round() as i64 } else { 0 },
        streets_mm: 0,
    })
}

impl std::ops::Add for Stop {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            households_thousandths: self.households_thousandths + other.households_thousandths,
            ground_m2: self.ground_m2 + other.ground_m2,
            streets_mm: self.streets_mm + other.streets_mm,
        }
    }
}

impl std::ops::Sub for Stop {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            households_thousandths: self.households_thousandths - other.households_thousandths,
            ground_m2: self.ground_m2 - other.ground_m2,
            streets_mm: self.streets_mm - other.streets_mm,
        }
    }
}

impl std::iter::Sum for Stop {
    fn sum<I: Iterator<Item = Self>>(stops: I) -> Self {
        stops.fold(Self::default(), |sum, stop| sum + stop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: RoundRules = RoundRules { visit_s: 180, walk_m_per_h: 4_000, most_s: 86_400 };

    fn rounds(ways: Ways) -> Rounds {
        Rounds { rules: RULES, ways, stops: Vec::new() }
    }

    #[test]
    fn a_straight_way_is_the_tour_through_places_strewn_over_ground() {
        let stop = Stop { households_thousandths: 400_000, ground_m2: 1_000_000, streets_mm: 7 };
        // 0.7124 × √(400 × 1 000 000 m²) = 14 248 m.
        assert_eq!(rounds(Ways::Straight).walk_mm(stop), 14_248_000);
        let bare = Stop { ground_m2: 1_000_000, ..Stop::default() };
        assert_eq!(rounds(Ways::Straight).walk_mm(bare), 0);
        assert_eq!(rounds(Ways::Streets).walk_mm(stop), 7);
    }

    #[test]
    fn a_round_is_late_by_what_visits_and_the_way_take_beyond_what_they_may() {
        let stop = |households: i64| {
            let households_thousandths = households * 1_000;
            Stop { households_thousandths, streets_mm: 8_000_000, ground_m2: 1 }
        };
        // 400 × 3 minutes are 20 hours, 8 km at 4 km an hour are 2; there are 24.
        assert_eq!(rounds(Ways::Streets).late_ms(stop(400), 1), 0);
        assert_eq!(rounds(Ways::Streets).late_ms(stop(440), 1), 0);
        assert_eq!(rounds(Ways::Streets).late_ms(stop(441), 1), 180_000);
        assert_eq!(rounds(Ways::Streets).late_ms(stop(441), 2), 0);
    }

    #[test]
    fn ground_and_streets_where_nobody_lives_are_not_walked() {
        let unit = |area_m2: f64| Unit {
            id: String::new(),
            parent: None,
            weight: Weight::default(),
            at: crate::Position::from_e7(1_137_000_000, 343_000_000).expect("in range"),
            perimeter_mm: 0,
            area_m2,
        };
        let units = [unit(1_000.4), unit(9e6), unit(2_000.0)];
        let households = [5.0, 0.0, 2.5].map(|given| Weight::new(given).expect("a weight"));
        let rounds = Rounds::along_streets(RULES, &units, (&households, &[10, 20, 30]));
        let all = rounds.of_units([&[0, 1, 2][..]].into_iter()).stop(0);
        assert_eq!(all, Stop { households_thousandths: 7_500, ground_m2: 3_000, streets_mm: 40 });
        assert_eq!(all - rounds.stop(0) - rounds.stop(2), Stop::default());
        assert_eq!(Rounds::straight(RULES, &units, &households).stop(0).streets_mm, 0);
    }
}
