//! The box around all borders, kept as they come and go.

use crate::Bounds;

/// A tree over the numbers of borders; each knot holds the box around what lies below it.
#[derive(Clone, Debug)]
pub(super) struct Extent {
    /// How many borders there is room for: a power of two.
    room: usize,
    /// The knot `k` is above `2 k` and `2 k + 1`; the first is 1.
    knots: Vec<Option<Bounds>>,
}

impl Extent {
    pub(super) fn new(boxes: &[Option<Bounds>]) -> Self {
        let room = boxes.len().next_power_of_two().max(1);
        let mut knots = vec![None; 2 * room];
        knots[room..room + boxes.len()].copy_from_slice(boxes);
        for knot in (1..room).rev() {
            knots[knot] = around(knots[2 * knot], knots[2 * knot + 1]);
        }
        Self { room, knots }
    }

    pub(super) fn whole(&self) -> Option<Bounds> {
        self.knots[1]
    }

    pub(super) fn set(&mut self, number: usize, bounds: Option<Bounds>) {
        if number >= self.room {
            let mut boxes = self.knots[self.room..].to_vec();
            boxes.resize(number + 1, None);
            *self = Self::new(&boxes);
        }
        let mut knot = self.room + number;
        self.knots[knot] = bounds;
        while knot > 1 {
            knot /= 2;
            let above = around(self.knots[2 * knot], self.knots[2 * knot + 1]);
            if self.knots[knot] == above {
                break;
            }
            self.knots[knot] = above;
        }
    }
}

fn around(one: Option<Bounds>, other: Option<Bounds>) -> Option<Bounds> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.union(other)),
        (one, other) => one.or(other),
    }
}
