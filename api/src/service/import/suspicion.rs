//! Files that look as if they were in another datum than WGS 84 and do not say so: held until somebody says which it is.
//!
//! What is measured by is the grid in force: points and corners of the file should lie in its cells. The first cells of a
//! district cannot be told, nor a shift that moves fewer than thirty points out of the cells, nor a base map of which more
//! than a fifth lies beyond them.
//!
//! Invariant: nothing is converted unless the datum was said.

use std::sync::Arc;

use domain::plan::Plan;
use geo_tools::datum::suspicion::{Reference, Sample, suspect};
use geo_tools::{Geometry, Position, Problem, Severity};

use super::next::Next;

/// Gives what comes from a file, and at its end, where it looks shifted, that it is held.
pub(super) fn held(
    mut records: Box<dyn Iterator<Item = Next>>,
    measure: Option<Arc<Plan>>,
) -> Box<dyn Iterator<Item = Next>> {
    let Some(plan) = measure else { return records };
    let mut sample = Sample::default();
    let mut at_the_end = None;
    Box::new(std::iter::from_fn(move || {
        if let Some(next) = records.next() {
            if let Next::Record(record, _) = &next {
                record.geometry.iter().for_each(|geometry| look_at(geometry, &mut sample));
            }
            return Some(next);
        }
        let found = at_the_end.get_or_insert_with(|| {
            let suspected = suspect(sample.positions(), &Reference::Cells(plan.locator()));
            suspected.map(hold).into_iter().flatten()
        });
        found.next()
    }))
}

/// Takes positions of a shape into the sample: a point as it is, of an area its corners drawn in by a twentieth, since a
/// corner on the rim of the grid lies outside it for a rounding.
fn look_at(geometry: &Geometry, sample: &mut Sample) {
    let Geometry::MultiPolygon(polygons) = geometry else {
        geometry.positions().for_each(|at| sample.take(at));
        return;
    };
    for ring in polygons.iter().map(|polygon| &polygon.exterior).filter(|ring| !ring.is_empty()) {
        let middle = |of: fn(&Position) -> i32| {
            ring.iter().map(|at| i64::from(of(at))).sum::<i64>() / ring.len() as i64
        };
        let (lon, lat) = (middle(|at| at.lon_e7()), middle(|at| at.lat_e7()));
        let drawn_in = |value: i32, middle: i64| ((19 * i64::from(value) + middle) / 20) as i32;
        for at in ring {
            let at = Position::from_e7(drawn_in(at.lon_e7(), lon), drawn_in(at.lat_e7(), lat));
            at.into_iter().for_each(|at| sample.take(at));
        }
    }
}

/// The problem, and that nothing may be taken for it.
fn hold(suspected: Problem) -> [Next; 2] {
    let message =
        format!("{} (--datum, over HTTP datum=); wgs84 if that is what they are", suspected.message);
    let problem = Problem { severity: Severity::Error, message, ..suspected };
    [Next::Bad(problem.into()), Next::BrokeOff]
}
