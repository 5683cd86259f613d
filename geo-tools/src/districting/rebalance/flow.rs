//! The least weight that has to cross borders between cells for all of them to be in tolerance: a flow of least cost.
//!
//! Successive shortest paths with prices (Edmonds and Karp 1972), of one length all at once (Dinic 1970). Whole numbers
//! throughout, so the answer is exact.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::districting::Span;

/// More than anything that flows, with room for sums.
const ENDLESS: i64 = i64::MAX / 4;
const NONE: u32 = u32::MAX;

/// Two cells beside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Border {
    pub(super) first: u32,
    pub(super) second: u32,
    /// What it costs to hand over one thousandth, either way; at least 1.
    pub(super) cost: i64,
}

/// For each border what goes from the first to the second, less than 0 the other way; the cheapest way to bring every
/// weight into its span. Where none does, what cannot be brought there stays.
pub(super) fn cheapest(weights: &[i64], spans: &[Span], borders: &[Border]) -> Vec<i64> {
    let count = weights.len() as u32;
    let (pool, source, sink) = (count, count + 1, count + 2);
    let mut net = Net::new(count as usize + 3, source, sink);
    let ways: Vec<[usize; 2]> = borders
        .iter()
        .map(|&Border { first, second, cost }| {
            [net.join([first, second], ENDLESS, cost), net.join([second, first], ENDLESS, cost)]
        })
        .collect();
    // What a cell must keep is set apart; of the rest it may keep as much as it has room for, which is what goes to the pool.
    let mut spare = 0_i64;
    for (cell, (&weight, span)) in (0..).zip(weights.iter().zip(spans)) {
        let least = span.least.min(span.most);
        spare += weight - least;
        net.join([cell, pool], span.most.max(span.least) - least, 0);
        if weight > least {
            net.join([source, cell], weight - least, 0);
        } else if weight < least {
            net.join([cell, sink], least - weight, 0);
        }
    }
    if spare > 0 {
        net.join([pool, sink], spare, 0);
    }
    while net.reprice() {
        while net.layer() {
            net.fill();
        }
    }
    ways.into_iter().map(|[there, back]| net.carried(there) - net.carried(back)).collect()
}

/// Ways with room, each beside its way back: the arcs `2n` and `2n + 1`.
struct Net {
    source: u32,
    sink: u32,
    heads: Vec<u32>,
    room: Vec<i64>,
    costs: Vec<i64>,
    /// For each node its last arc, and for each arc the one before it.
    last: Vec<u32>,
    before: Vec<u32>,
    prices: Vec<i64>,
    levels: Vec<u32>,
    /// For each node the arc that is tried next.
    next: Vec<u32>,
}

impl Net {
    fn new(count: usize, source: u32, sink: u32) -> Self {
        Self {
            source,
            sink,
            heads: Vec::new(),
            room: Vec::new(),
            costs: Vec::new(),
            last: vec![NONE; count],
            before: Vec::new(),
            prices: vec![0; count],
            levels: vec![NONE; count],
            next: vec![NONE; count],
        }
    }

    fn join(&mut self, [from, to]: [u32; 2], room: i64, cost: i64) -> usize {
        let arc = self.heads.len();
        for (tail, head, room, cost) in [(from, to, room, cost), (to, from, 0, -cost)] {
            self.before.push(self.last[tail as usize]);
            self.last[tail as usize] = self.heads.len() as u32;
            self.heads.push(head);
            self.room.push(room);
            self.costs.push(cost);
        }
        arc
    }

    fn carried(&self, arc: usize) -> i64 {
        self.room[arc + 1]
    }

    /// What an arc costs beyond the prices of its ends, which is never less than 0 where there is room.
    fn extra(&self, tail: u32, arc: u32) -> i64 {
        let head = self.heads[arc as usize];
        self.costs[arc as usize] + self.prices[tail as usize] - self.prices[head as usize]
    }

    /// Raises prices until a cheapest way to the sink costs nothing extra; `false` where there is no way (Dijkstra 1959).
    fn reprice(&mut self) -> bool {
        let mut far = vec![ENDLESS; self.last.len()];
        let mut open = BinaryHeap::from([(Reverse(0), self.source)]);
        far[self.source as usize] = 0;
        while let Some((Reverse(distance), node)) = open.pop() {
            if distance > far[node as usize] {
                continue;
            }
            if node == self.sink {
                break;
            }
            let mut arc = self.last[node as usize];
            while arc != NONE {
                let head = self.heads[arc as usize] as usize;
                let through = distance + self.extra(node, arc);
                if self.room[arc as usize] > 0 && through < far[head] {
                    far[head] = through;
                    open.push((Reverse(through), head as u32));
                }
                arc = self.before[arc as usize];
            }
        }
        let limit = far[self.sink as usize];
        for (price, far) in self.prices.iter_mut().zip(far) {
            *price += far.min(limit);
        }
        limit < ENDLESS
    }

    /// Counts steps from the source along ways that cost nothing extra; `false` where the sink is not reached.
    fn layer(&mut self) -> bool {
        self.levels.fill(NONE);
        self.levels[self.source as usize] = 0;
        let mut open = vec![self.source];
        let mut at = 0;
        while at < open.len() && self.levels[self.sink as usize] == NONE {
            let node = open[at];
            at += 1;
            let mut arc = self.last[node as usize];
            while arc != NONE {
                let head = self.heads[arc as usize];
                if self.room[arc as usize] > 0
                    && self.levels[head as usize] == NONE
                    && self.extra(node, arc) == 0
                {
                    self.levels[head as usize] = self.levels[node as usize] + 1;
                    open.push(head);
                }
                arc = self.before[arc as usize];
            }
        }
        self.next.copy_from_slice(&self.last);
        self.levels[self.sink as usize] != NONE
    }

    /// Sends along ways of the layers until each has a full arc.
    fn fill(&mut self) {
        let mut way: Vec<u32> = Vec::new();
        let mut node = self.source;
        loop {
            if node == self.sink {
                node = self.send(&mut way);
                continue;
            }
            let arc = self.next[node as usize];
            if arc == NONE {
                // Nothing goes on from here: the arc that led here is passed over from now on.
                let Some(led) = way.pop() else { return };
                node = self.heads[led as usize ^ 1];
                self.next[node as usize] = self.before[led as usize];
                continue;
            }
            let head = self.heads[arc as usize];
            let is_open = self.room[arc as usize] > 0
                && self.levels[head as usize] == self.levels[node as usize] + 1
                && self.extra(node, arc) == 0;
            if is_open {
                way.push(arc);
                node = head;
            } else {
                self.next[node as usize] = self.before[arc as usize];
            }
        }
    }

    /// Sends what a way has room for, and goes back to before its first full arc.
    fn send(&mut self, way: &mut Vec<u32>) -> u32 {
        let room = way.iter().map(|&arc| self.room[arc as usize]).min().unwrap_or(0);
        for &arc in way.iter() {
            self.room[arc as usize] -= room;
            self.room[arc as usize ^ 1] += room;
        }
        let full = way.iter().position(|&arc| self.room[arc as usize] == 0).unwrap_or(0);
        let node = way.get(full).map_or(self.source, |&arc| self.heads[arc as usize ^ 1]);
        way.truncate(full);
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(weights: &[i64], span: [i64; 2], borders: &[(u32, u32)]) -> i64 {
        let spans = vec![Span { least: span[0], most: span[1] }; weights.len()];
        let borders: Vec<Border> =
            borders.iter().map(|&(first, second)| Border { first, second, cost: 1 }).collect();
        let amounts = cheapest(weights, &spans, &borders);
        let mut after = weights.to_vec();
        for (border, amount) in borders.iter().zip(&amounts) {
            after[border.first as usize] -= amount;
            after[border.second as usize] += amount;
        }
        assert!(after.iter().all(|&weight| span[0] <= weight && weight <= span[1]), "{after:?}");
        amounts.iter().map(|amount| amount.abs()).sum()
    }

    #[test]
    fn what_is_in_tolerance_costs_nothing() {
        assert_eq!(cost(&[95, 105, 100], [95, 105], &[(0, 1), (1, 2)]), 0);
    }

    #[test]
    fn what_crosses_two_borders_counts_twice() {
        // 15 too much at one end of a row, room for 5 in each of the others: 15 over the first border, 10, 5.
        assert_eq!(cost(&[120, 100, 100, 100], [95, 105], &[(0, 1), (1, 2), (2, 3)]), 30);
        // In a ring both ways are used: 5 to each side, then 5 on.
        assert_eq!(cost(&[120, 100, 100, 100], [95, 105], &[(0, 1), (1, 2), (2, 3), (0, 3)]), 20);
    }

    #[test]
    fn what_one_lacks_comes_from_the_nearest_that_can_spare_it() {
        assert_eq!(cost(&[80, 100, 105, 115], [95, 105], &[(0, 1), (1, 2), (2, 3)]), 10 + 15 + 10);
    }
}
