//! Who wants to hear of what: viewports in an index, cells in a table.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::event::IncidentFacts;
use domain::ids::CellId;
use domain::plan::Plan;
use geo_tools::{Bounds, Position};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::mailbox::Mailbox;
use crate::service::cells::Area;

/// Names a subscriber within its feed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct SubscriberId(u64);

type Viewport = GeomWithData<Rectangle<[f64; 2]>, SubscriberId>;

/// Who wants to hear of what in one district.
#[derive(Debug, Default)]
pub(super) struct Interests {
    next: u64,
    subscribers: HashMap<SubscriberId, (Area, Arc<Mailbox>)>,
    viewports: RTree<Viewport>,
    by_cell: HashMap<CellId, HashSet<SubscriberId>>,
    everywhere: HashSet<SubscriberId>,
}

impl Interests {
    /// Adds a subscriber to an area.
    pub(super) fn add(&mut self, area: Area, mailbox: Arc<Mailbox>) -> SubscriberId {
        let id = SubscriberId(self.next);
        self.next += 1;
        match area {
            Area::Everywhere => drop(self.everywhere.insert(id)),
            Area::Within(bounds) => self.viewports.insert(viewport(bounds, id)),
            Area::Cell(cell) | Area::Subtree(cell) => drop(self.by_cell.entry(cell).or_default().insert(id)),
        }
        self.subscribers.insert(id, (area, mailbox));
        id
    }

    /// Takes a subscriber out.
    pub(super) fn remove(&mut self, id: SubscriberId) {
        match self.subscribers.remove(&id).map(|(area, _)| area) {
            None => {}
            Some(Area::Everywhere) => drop(self.everywhere.remove(&id)),
            Some(Area::Within(bounds)) => drop(self.viewports.remove(&viewport(bounds, id))),
            Some(Area::Cell(cell) | Area::Subtree(cell)) => {
                if let Some(subscribers) = self.by_cell.get_mut(&cell) {
                    subscribers.remove(&id);
                    if subscribers.is_empty() {
                        self.by_cell.remove(&cell);
                    }
                }
            }
        }
    }

    /// Whether nobody listens.
    pub(super) fn is_empty(&self) -> bool {
        self.subscribers.is_empty()
    }

    /// Everybody.
    pub(super) fn everybody(&self) -> impl Iterator<Item = &Arc<Mailbox>> {
        self.subscribers.values().map(|(_, mailbox)| mailbox)
    }

    /// Those whose area holds an incident, as it was or as it is. Filters and scopes are the subscriber's own work.
    pub(super) fn concerned(
        &self,
        before: Option<&IncidentFacts>,
        after: &IncidentFacts,
        plan: Option<&Plan>,
    ) -> Vec<&Arc<Mailbox>> {
        let mut concerned = self.everywhere.clone();
        for facts in before.into_iter().chain([after]) {
            if let Some(position) = facts.position() {
                let hits = self.viewports.locate_all_at_point(&point(position));
                concerned.extend(hits.map(|viewport| viewport.data));
            }
            let lineage = facts.cell.map(|leaf| lineage(plan, leaf)).unwrap_or_default();
            for cell in lineage {
                concerned.extend(self.by_cell.get(&cell).into_iter().flatten());
            }
        }
        concerned.iter().filter_map(|id| self.subscribers.get(id)).map(|(_, mailbox)| mailbox).collect()
    }
}

/// A leaf and all above it; the leaf alone where the plan does not know it.
pub(super) fn lineage(plan: Option<&Plan>, leaf: CellId) -> Vec<CellId> {
    match plan.map(|plan| plan.lineage(leaf)) {
        Some(lineage) if !lineage.is_empty() => lineage,
        _ => vec![leaf],
    }
}

fn viewport(bounds: Bounds, id: SubscriberId) -> Viewport {
    let corners = AABB::from_corners(point(bounds.south_west()), point(bounds.north_east()));
    GeomWithData::new(Rectangle::from_aabb(corners), id)
}

/// Units of 1e-7 degree as doubles: exact, and never NaN.
fn point(position: Position) -> [f64; 2] {
    [f64::from(position.lon_e7()), f64::from(position.lat_e7())]
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::rules::StageKey;

    use super::*;

    fn facts(lon_e7: i32, cell: u128) -> IncidentFacts {
        IncidentFacts {
            version: 1,
            cell: Some(CellId(uuid::Uuid::from_u128(cell))),
            lon_e7,
            lat_e7: 146_000_000,
            stage: StageKey("collected".into()),
            category: "noise".into(),
            public: true,
            reported_at: DateTime::UNIX_EPOCH,
            due_at: DateTime::UNIX_EPOCH,
        }
    }

    fn around(west_e7: i32, east_e7: i32) -> Area {
        let at = |lon_e7, lat_e7| Position::from_e7(lon_e7, lat_e7).expect("in range");
        Area::Within(
            Bounds::new(at(west_e7, 146_000_000), at(east_e7, 146_000_000)).expect("right way round"),
        )
    }

    #[test]
    fn an_incident_concerns_those_who_see_where_it_was_or_where_it_is() {
        let mut interests = Interests::default();
        let areas = [
            around(1_200_000_000, 1_200_000_010),
            around(1_210_000_000, 1_210_000_010),
            around(1_220_000_000, 1_220_000_010),
            Area::Subtree(CellId(uuid::Uuid::from_u128(7))),
            Area::Cell(CellId(uuid::Uuid::from_u128(8))),
            Area::Everywhere,
        ];
        let mailboxes: Vec<Arc<Mailbox>> = areas.iter().map(|_| Arc::default()).collect();
        let ids: Vec<_> = areas
            .iter()
            .zip(&mailboxes)
            .map(|(area, mailbox)| interests.add(*area, mailbox.clone()))
            .collect();
        let concerned = |interests: &Interests| -> Vec<usize> {
            let (before, after) = (facts(1_200_000_010, 7), facts(1_210_000_000, 9));
            let found = interests.concerned(Some(&before), &after, None);
            (0..areas.len())
                .filter(|&index| found.iter().any(|mailbox| Arc::ptr_eq(mailbox, &mailboxes[index])))
                .collect()
        };
        assert_eq!(concerned(&interests), [0, 1, 3, 5]);
        for id in [ids[0], ids[3], ids[5]] {
            interests.remove(id);
        }
        assert_eq!(concerned(&interests), [1]);
        for id in ids {
            interests.remove(id);
        }
        assert!(interests.is_empty() && interests.by_cell.is_empty() && interests.viewports.size() == 0);
    }
}
