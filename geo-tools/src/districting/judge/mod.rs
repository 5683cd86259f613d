//! Judges a plan, whoever made it, from its lines and the units alone.
//!
//! Every unit in one cell; every cell in one piece, within one parent, and in tolerance of its parent's mean or unable to
//! be; all measures anew. Start at [`judge`]. `parts` finds what hangs together, `yardstick` what a cell of a parent should
//! weigh, `causes` why one cannot, `grown` what can be around a unit, `conflict` which units cannot all be in tolerance,
//! `keeps` whether conditions are kept, `round` whether cells can be visited in time.
//!
//! Invariant: nothing here is shared with what makes plans, but the types that both are given and give.

mod causes;
mod conflict;
mod grown;
mod keeps;
mod parts;
mod round;
mod yardstick;

use std::collections::{BTreeMap, HashMap};

use crate::districting::{Certificate, Conditions, PlanRow, UnitGraph, Weight};
use crate::{Code, Problem, shown};
use causes::Causes;
pub use keeps::judge_within;
pub(crate) use keeps::measure_within;
use parts::{OfCell, Parts};
pub use round::JudgedRound;
use round::judge_rounds;
use yardstick::Yardstick;

/// What a plan is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How far a cell may be from its parent's mean, in millionths of the mean.
    pub tolerance_ppm: u32,
    /// What a cell should weigh, where that is known; it is only compared with.
    pub target: Option<Weight>,
}

/// What is to be said of a plan.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Its cells, by parent and name.
    pub cells: Vec<JudgedCell>,
    /// Its parents, by name.
    pub parents: Vec<JudgedParent>,
    /// What it breaks: units without a cell or with several, cells in pieces or across parents, cells out of tolerance
    /// that need not be; and, as a warning, parents of which another number of cells would be nearer to the target.
    pub problems: Vec<Problem>,
    /// All borders between different cells, in millimetres.
    pub cut_mm: i64,
    /// How much of these runs along clear lines, in millimetres; `None` where nobody said which lines are clear.
    pub clear_mm: Option<i64>,
}

/// A cell as it was measured.
#[derive(Clone, Debug)]
pub struct JudgedCell {
    /// Its name.
    pub cell: String,
    /// The parent of its units, of the first where they have several.
    pub parent: Option<String>,
    /// How many units it has.
    pub unit_count: usize,
    /// What it weighs.
    pub weight: Weight,
    /// How far that is from the parent's mean, as a part of the mean.
    pub deviation: f64,
    /// Whether that is within the tolerance.
    pub is_in_tolerance: bool,
    /// Whether it is one piece.
    pub is_contiguous: bool,
    /// 4π × ground / border²: 1 for a circle.
    pub polsby_popper: f64,
    /// Which part of its borders with other cells runs along clear lines, from 0 to 1; `None` where nobody said which lines
    /// are clear, or where it has no such borders.
    pub clear_share: Option<f64>,
    /// Why it is out of tolerance, where it could not be otherwise.
    pub certificate: Option<Certificate>,
    /// Whether it had to stay as it is, whatever it weighs.
    pub is_locked: bool,
    /// How long it takes to visit; `None` where nobody asked.
    pub round: Option<JudgedRound>,
}

/// A parent as it was measured.
#[derive(Clone, Debug)]
pub struct JudgedParent {
    /// Its name; `None` where units have none.
    pub parent: Option<String>,
    /// What its units weigh.
    pub weight: Weight,
    /// How many cells it has.
    pub cell_count: usize,
    /// What its cells weigh on average, those apart that cannot be in tolerance.
    pub mean: f64,
    /// How far the mean is from the target, as a part of the target.
    pub offset: Option<f64>,
    /// Whether more cells would bring the mean nearer to the target.
    pub has_too_few: bool,
}

impl Judgement {
    /// The largest deviation of a cell, whatever its sign.
    pub fn max_deviation(&self) -> f64 {
        self.cells.iter().map(|cell| cell.deviation.abs()).fold(0.0, f64::max)
    }

    /// Which part of the cells is in tolerance, from 0 to 1; locked cells count as they are.
    pub fn in_tolerance_share(&self) -> f64 {
        let count = self.cells.iter().filter(|cell| cell.is_in_tolerance).count();
        if self.cells.is_empty() { 1.0 } else { count as f64 / self.cells.len() as f64 }
    }

    /// Which part of all borders between different cells runs along clear lines, from 0 to 1; `None` where nobody said
    /// which lines are clear, or where there are no such borders.
    pub fn clear_share(&self) -> Option<f64> {
        share(self.clear_mm?, self.cut_mm)
    }

    /// Which part of the cells can be visited in the time there is, from 0 to 1; `None` where nobody asked.
    pub fn in_time_share(&self) -> Option<f64> {
        let rounds: Vec<&JudgedRound> = self.cells.iter().filter_map(|cell| cell.round.as_ref()).collect();
        let count = rounds.iter().filter(|round| round.is_in_time).count();
        (!rounds.is_empty()).then(|| count as f64 / rounds.len() as f64)
    }

    /// How compact cells are on average, by Polsby and Popper.
    pub fn mean_polsby_popper(&self) -> f64 {
        let sum: f64 = self.cells.iter().map(|cell| cell.polsby_popper).sum();
        if self.cells.is_empty() { 0.0 } else { sum / self.cells.len() as f64 }
    }
}

/// Judges a plan.
pub fn judge(graph: &UnitGraph, rows: &[PlanRow], rules: Rules) -> Judgement {
    let asked = Asked { rules, target_of: &|_| rules.target, wants_reasons: true };
    let mut judgement = judge_for(graph, rows, &asked);
    judge_rounds(graph, rows, (rules, &Conditions::default()), &mut judgement);
    judgement
}

/// What is asked of a plan.
struct Asked<'a> {
    rules: Rules,
    /// What a cell should weigh in a parent.
    target_of: &'a dyn Fn(&Option<String>) -> Option<Weight>,
    /// Whether it is looked for why cells are out of tolerance, which may take long.
    wants_reasons: bool,
}

fn judge_for(graph: &UnitGraph, rows: &[PlanRow], asked: &Asked<'_>) -> Judgement {
    let Asked { rules, target_of, wants_reasons } = *asked;
    let (drawn, mut problems) = Drawn::of(graph, rows);
    let parts = Parts::of(graph, &drawn);
    let mut causes = Causes::of(graph, &drawn, &parts);
    for (at, cell) in drawn.cells.iter().enumerate() {
        problems.extend(broken(graph, cell, parts.piece_counts[at]));
    }
    let mut cells = Vec::with_capacity(drawn.cells.len());
    let mut parents = Vec::new();
    for (parent, members) in drawn.by_parent(graph) {
        let yardstick = Yardstick::of(graph, &drawn, &parts, (&members, rules.tolerance_ppm));
        let mut judged_cells: Vec<JudgedCell> =
            members.iter().map(|&at| judged(graph, &drawn, &parts, (at, &yardstick))).collect();
        if wants_reasons {
            problems.extend(give_reasons(&mut judged_cells, &members, (&mut causes, &yardstick)));
        }
        cells.extend(judged_cells);
        let unit_count = members.iter().map(|&at| drawn.cells[at].units.len()).sum();
        let target = target_of(parent);
        let counts = target.and_then(|target| yardstick.miscount(target.thousandths().into(), unit_count));
        problems.extend(target.zip(counts).map(|asked| miscounted(parent, &yardstick, asked)));
        let has_too_few = counts.is_some_and(|[wanted, count]| count < wanted);
        parents
            .push(JudgedParent { has_too_few, ..of_parent(parent, &members, &drawn, (&yardstick, target)) });
    }
    let clear_mm = parts.clear.as_ref().map(|clear| clear.cut_mm);
    Judgement { cells, parents, problems, cut_mm: parts.cut_mm, clear_mm }
}

/// Certifies the cells of a parent, whose places in the plan are given, and tells those that nothing certifies.
fn give_reasons(
    cells: &mut [JudgedCell],
    members: &[usize],
    (causes, yardstick): (&mut Causes<'_>, &Yardstick),
) -> Vec<Problem> {
    let mut missing: Vec<(&mut JudgedCell, usize)> =
        cells.iter_mut().zip(members.iter().copied()).filter(|(cell, _)| !cell.is_in_tolerance).collect();
    for (cell, at) in &mut missing {
        cell.certificate = causes.certificate(*at, yardstick);
    }
    // Units of cells that are certified by themselves are in no conflict: only now all of these are known.
    missing.retain(|(cell, _)| cell.certificate.is_none());
    for (cell, at) in &mut missing {
        cell.certificate = causes.conflict(*at, yardstick);
    }
    missing.retain(|(cell, _)| cell.certificate.is_none());
    missing.into_iter().map(|(cell, _)| missed(cell, yardstick)).collect()
}

/// The cells as the lines draw them.
pub(super) struct Drawn {
    pub(super) cells: Vec<DrawnCell>,
    /// For each unit its cell.
    pub(super) cell_of: Vec<Option<usize>>,
}

pub(super) struct DrawnCell {
    pub(super) name: String,
    pub(super) units: Vec<usize>,
    pub(super) weight: i128,
}

impl Drawn {
    fn of(graph: &UnitGraph, rows: &[PlanRow]) -> (Self, Vec<Problem>) {
        let known: HashMap<&str, usize> =
            graph.units().iter().enumerate().map(|(at, unit)| (unit.id.as_str(), at)).collect();
        let mut problems = Vec::new();
        let mut cell_of: Vec<Option<usize>> = vec![None; graph.units().len()];
        let mut cells: Vec<DrawnCell> = Vec::new();
        let mut named: HashMap<&str, usize> = HashMap::new();
        for row in rows {
            let shown = shown::text(&row.unit);
            let wrong = |code: Code, message: String| Problem {
                line: row.line,
                features: vec![row.unit.clone()],
                ..Problem::error(code, message)
            };
            let Some(&unit) = known.get(row.unit.as_str()) else {
                let message =
                    format!("the plan names unit \u{201c}{shown}\u{201d}, which is not among the units");
                problems.push(wrong(Code::UnknownUnit, message));
                continue;
            };
            if cell_of[unit].is_some() {
                let message =
                    format!("unit \u{201c}{shown}\u{201d} is in the plan twice; it can be in one cell");
                problems.push(wrong(Code::DuplicateId, message));
                continue;
            }
            let cell = *named.entry(&row.cell).or_insert_with(|| {
                cells.push(DrawnCell { name: row.cell.clone(), units: Vec::new(), weight: 0 });
                cells.len() - 1
            });
            cell_of[unit] = Some(cell);
            cells[cell].units.push(unit);
            cells[cell].weight += i128::from(graph.units()[unit].weight.thousandths());
        }
        for (unit, _) in graph.units().iter().zip(&cell_of).filter(|(_, cell)| cell.is_none()) {
            let message = format!("unit \u{201c}{}\u{201d} is in no cell of the plan", shown::text(&unit.id));
            let problem = Problem::error(Code::MissingField, message);
            problems.push(Problem { features: vec![unit.id.clone()], ..problem });
        }
        (Self { cells, cell_of }, problems)
    }

    /// The cells of each parent by name; a cell across parents is with that of its first unit.
    fn by_parent<'a>(&self, graph: &'a UnitGraph) -> BTreeMap<&'a Option<String>, Vec<usize>> {
        let mut parents: BTreeMap<&Option<String>, Vec<usize>> = BTreeMap::new();
        for (at, cell) in self.cells.iter().enumerate() {
            parents.entry(&graph.units()[cell.units[0]].parent).or_default().push(at);
        }
        for members in parents.values_mut() {
            members.sort_by(|&a, &b| self.cells[a].name.cmp(&self.cells[b].name));
        }
        parents
    }
}

/// What a cell breaks beside its weight.
fn broken(graph: &UnitGraph, cell: &DrawnCell, piece_count: usize) -> Vec<Problem> {
    let mut problems = Vec::new();
    let name = shown::text(&cell.name);
    let first = &graph.units()[cell.units[0]];
    let stranger =
        cell.units.iter().map(|&unit| &graph.units()[unit]).find(|unit| unit.parent != first.parent);
    let of = |parent: &Option<String>| parent.as_deref().map_or("none".to_owned(), shown::text);
    if let Some(stranger) = stranger {
        let message = format!(
            "cell \u{201c}{name}\u{201d} has units of two parents, {} and {}; a cell lies within one",
            of(&first.parent),
            of(&stranger.parent)
        );
        problems.push(Problem::error(Code::ParentMismatch, message));
    }
    if piece_count > 1 {
        let message = format!("cell \u{201c}{name}\u{201d} is in {piece_count} pieces; a cell is one");
        problems.push(Problem::error(Code::NotContiguous, message));
    }
    for problem in &mut problems {
        problem.features = vec![cell.name.clone()];
    }
    problems
}

/// A cell as it measures; why it is out of tolerance is found out apart.
fn judged(
    graph: &UnitGraph,
    drawn: &Drawn,
    parts: &Parts,
    (at, yardstick): (usize, &Yardstick),
) -> JudgedCell {
    let cell = &drawn.cells[at];
    let is_in_tolerance = yardstick.holds(cell.weight);
    let area_m2: f64 = cell.units.iter().map(|&unit| graph.units()[unit].area_m2).sum();
    let perimeter_m = parts.perimeters_mm[at] as f64 / 1e3;
    JudgedCell {
        cell: cell.name.clone(),
        parent: graph.units()[cell.units[0]].parent.clone(),
        unit_count: cell.units.len(),
        weight: weight(cell.weight),
        deviation: yardstick.deviation(cell.weight),
        is_in_tolerance,
        is_contiguous: parts.piece_counts[at] == 1,
        polsby_popper: if perimeter_m > 0.0 {
            4.0 * std::f64::consts::PI * area_m2 / perimeter_m.powi(2)
        } else {
            0.0
        },
        clear_share: parts.clear.as_ref().and_then(|clear| {
            let OfCell { clear_mm, all_mm } = clear.of_cells[at];
            share(clear_mm, all_mm)
        }),
        certificate: None,
        is_locked: false,
        round: None,
    }
}

/// A part of a length, where there is any.
fn share(part_mm: i64, whole_mm: i64) -> Option<f64> {
    (whole_mm > 0).then(|| part_mm as f64 / whole_mm as f64)
}

fn missed(cell: &JudgedCell, yardstick: &Yardstick) -> Problem {
    let message = format!(
        "cell \u{201c}{}\u{201d} weighs {}, {:+.1} % from its parent's mean of {:.1}; {:.1} % is allowed, and nothing here shows that it must be so",
        shown::text(&cell.cell),
        cell.weight,
        cell.deviation * 100.0,
        yardstick.mean(),
        yardstick.tolerance_percent()
    );
    Problem { features: vec![cell.cell.clone()], ..Problem::error(Code::OutOfTolerance, message) }
}

/// Where another number of cells would bring a parent's mean nearer to the target.
fn miscounted(
    parent: &Option<String>,
    yardstick: &Yardstick,
    (target, [wanted, count]): (Weight, [i128; 2]),
) -> Problem {
    let whose = match parent {
        Some(parent) => format!("parent \u{201c}{}\u{201d}", shown::text(parent)),
        None => "all that has no parent".to_owned(),
    };
    let message = format!(
        "the cells of {whose} weigh {:.1} on average; {wanted} of them would be nearer to the target of {target} than {count}",
        yardstick.mean()
    );
    Problem { features: parent.iter().cloned().collect(), ..Problem::warning(Code::OutOfTolerance, message) }
}

fn of_parent(
    parent: &Option<String>,
    members: &[usize],
    drawn: &Drawn,
    (yardstick, target): (&Yardstick, Option<Weight>),
) -> JudgedParent {
    let total: i128 = members.iter().map(|&at| drawn.cells[at].weight).sum();
    let mean = yardstick.mean();
    let offset = target.filter(|target| target.thousandths() > 0).map(|target| mean / target.value() - 1.0);
    let cell_count = members.len();
    JudgedParent {
        parent: parent.clone(),
        weight: weight(total),
        cell_count,
        mean,
        offset,
        has_too_few: false,
    }
}

/// A sum of weights as one; a graph's weights sum to less than the limit.
fn weight(thousandths: i128) -> Weight {
    Weight::from_thousandths(i64::try_from(thousandths).unwrap_or(i64::MAX))
}
