//! Whether each cell can be visited in the time there is, and what proves of those that cannot that they must be so.

use std::collections::HashMap;

use crate::districting::judge::{JudgedParent, Judgement, Rules};
use crate::districting::{
    Certificate, Conditions, Kept, PlanRow, Reason, RoundRules, Rounds, UnitGraph, Ways, Weight,
};
use crate::{Code, Problem, shown};

/// The shortest tour through places strewn over ground is about this times the root of places × ground.
const TOUR: f64 = 0.7124;
const S_PER_H: f64 = 3_600.0;
/// Ground and streets are given in whole numbers: that is not what makes a round late.
const ROUNDING_S: f64 = 1.0;

/// A round through a cell, as it was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedRound {
    /// How many households are visited.
    pub households: f64,
    /// How long one walks, in metres: an estimate.
    pub walk_m: f64,
    /// How long the visits take, in seconds.
    pub visits_s: f64,
    /// How long the walking takes, in seconds.
    pub walk_s: f64,
    /// Whether both together take no longer than a round may.
    pub is_in_time: bool,
    /// Why it takes longer, where it could not be otherwise.
    pub certificate: Option<Certificate>,
}

impl JudgedRound {
    /// How long it takes, in seconds.
    pub fn all_s(&self) -> f64 {
        self.visits_s + self.walk_s
    }

    fn of(rounds: &Rounds, units: &[usize]) -> Self {
        let stops = || units.iter().map(|&unit| rounds.stop(unit));
        let RoundRules { visit_s, walk_m_per_h, most_s } = rounds.rules();
        let households = stops().map(|stop| stop.households_thousandths).sum::<i64>() as f64 / 1e3;
        let walk_m = match rounds.ways() {
            Ways::Straight => {
                let ground_m2 = stops().map(|stop| stop.ground_m2).sum::<i64>() as f64;
                TOUR * (households * ground_m2).sqrt()
            }
            Ways::Streets => stops().map(|stop| stop.streets_mm).sum::<i64>() as f64 / 1e3,
        };
        let visits_s = households * f64::from(visit_s);
        let walk_s = walk_m / f64::from(walk_m_per_h.max(1)) * S_PER_H;
        let is_in_time = visits_s + walk_s <= f64::from(most_s) + ROUNDING_S;
        Self { households, walk_m, visits_s, walk_s, is_in_time, certificate: None }
    }
}

/// Measures the rounds of a plan that was judged, where it is asked whether cells can be visited.
pub(super) fn judge_rounds(
    graph: &UnitGraph,
    rows: &[PlanRow],
    (rules, conditions): (Rules, &Conditions),
    judgement: &mut Judgement,
) {
    let Some(rounds) = graph.rounds() else { return };
    let members = Members::of(graph, rows, (&*judgement, conditions));
    let due_of = |parent: &JudgedParent| {
        let target = conditions.target(parent.parent.as_deref()).or(rules.target);
        (parent.parent.clone(), due_weight(parent, target))
    };
    let due_weights: HashMap<Option<String>, f64> = judgement.parents.iter().map(due_of).collect();
    let locked: HashMap<&str, &Kept> =
        conditions.locked().iter().map(|kept| (kept.name.as_str(), kept)).collect();
    let groups: HashMap<usize, &Kept> =
        conditions.together().iter().map(|kept| (kept.units[0] as usize, kept)).collect();
    let mut problems = Vec::new();
    for (cell, (units, is_all)) in judgement.cells.iter_mut().zip(members.units.iter().zip(members.is_all)) {
        let mut round = JudgedRound::of(rounds, units);
        if !round.is_in_time {
            let due_weight = due_weights.get(&cell.parent).copied().unwrap_or_default();
            let least = due_weight * (1.0 - f64::from(rules.tolerance_ppm) / 1e6);
            round.certificate = if cell.is_locked {
                // One that is not as it was has nothing to excuse it.
                let kept = locked.get(cell.cell.as_str());
                let is_kept = kept.is_some_and(|kept| indexes(kept).eq(units.iter().copied()));
                let detail = "the cell is locked, and stays as it is".to_owned();
                is_kept.then_some(Certificate::of(Reason::Locked, detail))
            } else if is_all && cell.is_contiguous && cell.weight.value() < 2.0 * least {
                let detail = format!(
                    "this ground of {} touches nothing else of its parent, and is too light for two cells of at least {least:.1}",
                    cell.weight
                );
                Some(Certificate::of(Reason::SmallComponent, detail))
            } else {
                too_long(graph, rounds, (units, &groups)).or_else(|| too_many(graph, rounds, least))
            };
            problems.extend(round.certificate.is_none().then(|| late(&cell.cell, &round, rounds.rules())));
        }
        cell.round = Some(round);
    }
    judgement.problems.extend(problems);
}

/// What a cell of a parent should weigh: the mean; or the target, where there are too few cells for that. They would else be
/// excused by how heavy they are.
fn due_weight(parent: &JudgedParent, target: Option<Weight>) -> f64 {
    target.filter(|_| parent.has_too_few).map_or(parent.mean, Weight::value)
}

fn indexes(kept: &Kept) -> impl Iterator<Item = usize> + '_ {
    kept.units.iter().map(|&unit| unit as usize)
}

/// The units of each cell in the order of the judgement, and whether they are all of what hangs together in their parent
/// where nothing is locked.
struct Members {
    units: Vec<Vec<usize>>,
    is_all: Vec<bool>,
}

impl Members {
    fn of(graph: &UnitGraph, rows: &[PlanRow], (judgement, conditions): (&Judgement, &Conditions)) -> Self {
        let cells: HashMap<&str, usize> =
            judgement.cells.iter().enumerate().map(|(at, cell)| (cell.cell.as_str(), at)).collect();
        // Of several lines of a unit the first counts, as everywhere here.
        let mut named: HashMap<&str, &str> = HashMap::new();
        for row in rows {
            named.entry(&row.unit).or_insert(&row.cell);
        }
        let find = |id: &str| named.get(id).and_then(|cell| cells.get(cell).copied());
        let cell_of: Vec<Option<usize>> = graph.units().iter().map(|unit| find(&unit.id)).collect();
        let mut units = vec![Vec::new(); judgement.cells.len()];
        for (unit, cell) in cell_of.iter().enumerate() {
            if let Some(cell) = *cell {
                units[cell].push(unit);
            }
        }
        let mut is_locked = vec![false; graph.units().len()];
        conditions.locked().iter().flat_map(indexes).for_each(|unit| is_locked[unit] = true);
        let mut is_all = vec![true; judgement.cells.len()];
        for link in graph.open_links() {
            let ends = [link.first as usize, link.second as usize];
            if ends.into_iter().any(|unit| is_locked[unit]) {
                continue;
            }
            let [one, other] = ends.map(|unit| &graph.units()[unit].parent);
            let [cell, beyond] = ends.map(|unit| cell_of[unit]);
            if one == other && cell != beyond {
                [cell, beyond].into_iter().flatten().for_each(|cell| is_all[cell] = false);
            }
        }
        Self { units, is_all }
    }
}

/// Where one of the units alone takes longer than a round may, or some that stay together do; groups are given by their first
/// unit.
fn too_long(
    graph: &UnitGraph,
    rounds: &Rounds,
    (units, groups): (&[usize], &HashMap<usize, &Kept>),
) -> Option<Certificate> {
    let late = |units: &[usize]| Some(JudgedRound::of(rounds, units)).filter(|round| !round.is_in_time);
    let unit = units.iter().find_map(|&unit| {
        let round = late(&[unit])?;
        Some((format!("unit {}", shown::text(&graph.units()[unit].id)), round))
    });
    let group = || {
        units.iter().find_map(|unit| {
            let kept = groups.get(unit)?;
            let group: Vec<usize> = indexes(kept).collect();
            // One that was torn apart takes nobody along.
            let is_whole = group.iter().all(|unit| units.binary_search(unit).is_ok());
            let round = late(&group).filter(|_| is_whole)?;
            Some((format!("group {}", shown::text(&kept.name)), round))
        })
    };
    let (what, round) = unit.or_else(group)?;
    let detail = format!(
        "{what} alone takes {}, {} are there",
        hours(round.all_s()),
        hours(rounds.rules().most_s.into())
    );
    Some(Certificate::of(Reason::OversizeUnit, detail))
}

/// Where a cell that weighs as much as it must has more households than can be visited, whatever the way.
fn too_many(graph: &UnitGraph, rounds: &Rounds, least: f64) -> Option<Certificate> {
    let is_household = |(at, unit): (usize, &crate::districting::Unit)| {
        rounds.stop(at).households_thousandths == unit.weight.thousandths()
    };
    let RoundRules { visit_s, most_s, .. } = rounds.rules();
    let visits_s = least * f64::from(visit_s);
    let is_too_much = visits_s > f64::from(most_s) + ROUNDING_S;
    let is_certain = is_too_much && graph.units().iter().enumerate().all(is_household);
    is_certain.then(|| {
        let detail = format!(
            "a cell in tolerance has at least {least:.1} households, whose visits alone take {}, {} are there",
            hours(visits_s),
            hours(most_s.into())
        );
        Certificate::of(Reason::ParentArithmetic, detail)
    })
}

fn late(cell: &str, round: &JudgedRound, rules: RoundRules) -> Problem {
    let message = format!(
        "cell \u{201c}{}\u{201d} takes {} to visit ({} for {} households, {} for {:.0} m on foot), and {} are there; nothing here shows that it must be so",
        shown::text(cell),
        hours(round.all_s()),
        hours(round.visits_s),
        round.households,
        hours(round.walk_s),
        round.walk_m,
        hours(rules.most_s.into())
    );
    Problem { features: vec![cell.to_owned()], ..Problem::error(Code::ConditionBroken, message) }
}

fn hours(time_s: f64) -> String {
    format!("{:.1} h", time_s / S_PER_H)
}
