//! Why an edit cannot be: what is wrong, where, and between whom.

use crate::coverage::{Border, Leaf};
use crate::{Code, Geometry, Position, Problem};

/// How what an edit would make is wrong at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wrong {
    /// Two borders cross there.
    Cross,
    /// One touches the other where not both end.
    Touch,
    /// Both run along one side.
    Twice,
    /// A closed border would be a line there and back.
    Collapsed,
    /// Borders would leave a node in another order.
    Askew,
    /// What lies there would find itself in other ground.
    PassedOver,
    /// What was around would be within.
    TurnedOver,
}

/// One thing that is wrong, and with which borders.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    wrong: Wrong,
    at: Position,
    owners: [Option<Leaf>; 2],
    /// The owners of the border that is in the way; `None` where it is the same one.
    others: Option<[Option<Leaf>; 2]>,
}

impl Fault {
    pub(super) fn new(wrong: Wrong, at: Position, border: &Border, other: Option<&Border>) -> Self {
        let owners = |border: &Border| [border.left, border.right];
        Self { wrong, at, owners: owners(border), others: other.map(owners) }
    }

    pub(super) fn told(self) -> Problem {
        let Self { wrong, at, owners, others } = self;
        let other =
            others.map_or_else(|| "itself".to_owned(), |owners| format!("the one between {}", both(owners)));
        let cut = others.and_then(|others| owners.into_iter().find(|owner| others.contains(owner)));
        let (code, message) = match (wrong, cut) {
            (Wrong::Cross, _) => (Code::EditCrosses, format!("the border would cross {other} at {at}")),
            (Wrong::Touch, Some(cut)) => (
                Code::FaceInPieces,
                format!("the border would touch {other} at {at}, and {} would be in pieces", name(cut)),
            ),
            (Wrong::Touch, None) => (Code::EditCrosses, format!("the border would touch {other} at {at}")),
            (Wrong::Twice, _) => (
                Code::FaceEmpty,
                format!("the border would run along {other} from {at} on, with no ground between them"),
            ),
            (Wrong::Collapsed, _) => {
                (Code::FaceEmpty, format!("between {} no ground would be left around at {at}", both(owners)))
            }
            (Wrong::Askew, _) => {
                (Code::EditCrosses, format!("at {at} the border would lie on the other side of {other}"))
            }
            (Wrong::PassedOver, _) => {
                (Code::EditCrosses, format!("the border would pass over {other} at {at}"))
            }
            (Wrong::TurnedOver, _) => (
                Code::FaceEmpty,
                format!("at {at} the border between {} would be turned inside out", both(owners)),
            ),
        };
        let concerned = owners.into_iter().chain(others.into_iter().flatten());
        placed(code, message, Geometry::Point(at), concerned.flatten())
    }
}

/// What problems call an owner.
pub(super) fn name(leaf: Option<Leaf>) -> String {
    leaf.map_or_else(|| "the outside".to_owned(), |leaf| format!("leaf {}", leaf.0))
}

/// What problems call the owners of a border.
pub(super) fn both([one, other]: [Option<Leaf>; 2]) -> String {
    format!("{} and {}", name(one), name(other))
}

/// A problem with its place and the leaves concerned.
pub(super) fn placed(
    code: Code,
    message: impl Into<String>,
    geometry: Geometry,
    leaves: impl IntoIterator<Item = Leaf>,
) -> Problem {
    let mut indexes: Vec<usize> = leaves.into_iter().map(Leaf::index).collect();
    indexes.sort_unstable();
    indexes.dedup();
    Problem { geometry: Some(geometry), indexes, ..Problem::error(code, message) }
}
