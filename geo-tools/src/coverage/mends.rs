//! What was mended without leaving ground to nobody or several: told as warnings.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::coverage::defects::names;
use crate::coverage::drawing::Drawing;
use crate::coverage::pairs::Meeting;
use crate::coverage::snap::Noded;
use crate::{Code, Geometry, Position, Problem};

/// Corners joined to borders that pass exactly
/// through them (`T_JUNCTION`), and sides that were bent by less than a unit (`ROUNDING_CHANGED`).
pub(crate) fn find(drawing: &Drawing<'_>, noded: &Noded, explained: &HashSet<Position>) -> Vec<Problem> {
    let mut joined: BTreeMap<Position, BTreeSet<u32>> = BTreeMap::new();
    for hit in &noded.hits {
        let Meeting::End { at, exact: true, .. } = hit.meeting else { continue };
        let (one, two) = (drawing.area_of(hit.first.ring), drawing.area_of(hit.second.ring));
        if one != two && !explained.contains(&at) {
            joined.entry(at).or_default().extend([one, two]);
        }
    }
    let mut bent: BTreeMap<Position, BTreeSet<u32>> = BTreeMap::new();
    for (at, areas) in noded.bent.iter().filter(|(at, _)| !explained.contains(at)) {
        bent.entry(*at).or_default().extend(areas);
    }
    let told = |code: Code, message: String, at: Position, areas: &BTreeSet<u32>| {
        let mut problem = Problem::warning(code, message);
        problem.geometry = Some(Geometry::Point(at));
        drawing.concerning(problem, areas.iter().copied())
    };
    let joined = joined.iter().map(|(at, areas)| {
        let names = names(drawing, &Vec::from_iter(areas.iter().copied()));
        let message =
            format!("of {names} one has a corner at {at} on the border of the other; it gets one there too");
        told(Code::TJunction, message, *at, areas)
    });
    let bent = bent.iter().map(|(at, areas)| {
        let names = names(drawing, &Vec::from_iter(areas.iter().copied()));
        let message =
            format!("rounding to 1e-7 degree made borders of {names} meet at {at}; they are joined there");
        told(Code::RoundingChanged, message, *at, areas)
    });
    joined.chain(bent).collect()
}
