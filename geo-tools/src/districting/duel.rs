//! Two cells exchange units along their border until none makes it shorter: Fiduccia and Mattheyses (1982), with units
//! that only leave where their cell stays in one piece, and everything after the best moment taken back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::districting::ground::Ground;
use crate::districting::rounds::Stop;

/// Passes over one pair; what a later one gains is not worth its time.
const MOST_PASSES: usize = 6;
/// Units that are looked at to see that a cell stays in one piece; it counts as broken beyond.
const MOST_LOOKED_AT: usize = 160;

/// How much the first of two cells may weigh.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) low: i64,
    pub(crate) high: i64,
}

impl Window {
    /// How far a weight lies outside.
    pub(crate) fn miss(self, weight: i64) -> i64 {
        (self.low - weight).max(weight - self.high).max(0)
    }
}

/// What is kept from one use to the next so as not to ask for memory each time.
#[derive(Debug)]
pub(crate) struct Scratch {
    round: u32,
    seen: Vec<u32>,
    queue: Vec<u32>,
    gains: Vec<i64>,
    versions: Vec<u32>,
    held: Vec<bool>,
}

impl Scratch {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            round: 0,
            seen: vec![0; count],
            queue: Vec::new(),
            gains: vec![0; count],
            versions: vec![0; count],
            held: vec![false; count],
        }
    }

    fn begin(&mut self) -> u32 {
        self.round += 1;
        self.queue.clear();
        self.round
    }

    /// Whether the cell of a unit stays in one piece, and is not empty, without it. Doubt counts as no.
    pub(crate) fn can_leave(&mut self, ground: &Ground, cells: &[u32], unit: u32) -> bool {
        let cell = cells[unit as usize];
        let companions = || ground.beside(unit).iter().filter(|near| cells[near.unit as usize] == cell);
        let wanted = companions().count();
        let Some(first) = companions().next().map(|near| near.unit) else { return false };
        if wanted == 1 {
            return true;
        }
        let round = self.begin();
        let is_beside = |other: u32| ground.beside(unit).iter().any(|near| near.unit == other);
        self.seen[unit as usize] = round;
        self.seen[first as usize] = round;
        self.queue.push(first);
        let (mut at, mut found) = (0, 1);
        while at < self.queue.len() && at < MOST_LOOKED_AT {
            let from = self.queue[at];
            at += 1;
            for near in ground.beside(from) {
                let other = near.unit;
                if cells[other as usize] != cell || self.seen[other as usize] == round {
                    continue;
                }
                self.seen[other as usize] = round;
                self.queue.push(other);
                if is_beside(other) {
                    found += 1;
                    if found == wanted {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// The pieces that units of one cell are in, heaviest first, then longest.
    pub(crate) fn pieces(
        &mut self,
        ground: &Ground,
        cells: &[u32],
        units: &[u32],
        cell: u32,
    ) -> Vec<Vec<u32>> {
        let round = self.begin();
        let mut pieces = Vec::new();
        for &start in units {
            if cells[start as usize] != cell || self.seen[start as usize] == round {
                continue;
            }
            self.seen[start as usize] = round;
            let mut piece = vec![start];
            let mut at = 0;
            while at < piece.len() {
                for near in ground.beside(piece[at]) {
                    let other = near.unit as usize;
                    if cells[other] == cell && self.seen[other] != round {
                        self.seen[other] = round;
                        piece.push(near.unit);
                    }
                }
                at += 1;
            }
            pieces.push(piece);
        }
        pieces.sort_by_cached_key(|piece| Reverse((ground.total(piece), piece.len())));
        pieces
    }
}

/// Two cells that border each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) first: u32,
    pub(crate) second: u32,
    /// How much the first may weigh.
    pub(crate) window: Window,
    /// How many cells each of them is, or will be: so many times as long it may take to visit.
    pub(crate) cell_counts: [u32; 2],
}

/// Lets two cells, whose units these are, exchange some; tells by how much the border between them has become longer.
pub(crate) fn duel(
    ground: &Ground,
    cells: &mut [u32],
    units: &[u32],
    (pair, scratch): (Pair, &mut Scratch),
) -> i64 {
    let mut change_mm = 0;
    for _ in 0..MOST_PASSES {
        let mut pass = Pass::begin(ground, cells, units, (pair, scratch));
        pass.run();
        let (before, best) = (pass.before, pass.take_back());
        change_mm += best.cut_mm;
        if best.score() >= before.score() {
            break;
        }
    }
    change_mm
}

/// A moment of a pass: the earlier, the better.
#[derive(Clone, Copy, Debug)]
struct Moment {
    miss: i64,
    /// By how much the two take too long to visit, where that is asked.
    late_ms: i128,
    cut_mm: i64,
    move_count: usize,
}

impl Moment {
    /// Less is better.
    fn score(&self) -> (i64, i128, i64) {
        (self.miss, self.late_ms, self.cut_mm)
    }
}

struct Pass<'a> {
    ground: &'a Ground,
    cells: &'a mut [u32],
    pair: Pair,
    scratch: &'a mut Scratch,
    /// The gain of a move, the unit in ascending order, and which of its gains this was.
    queue: BinaryHeap<(i64, Reverse<u32>, u32)>,
    units: &'a [u32],
    first_weight: i64,
    /// What a round through each of the two takes in, where that is asked.
    stops: [Stop; 2],
    before: Moment,
    /// How far outside the window a step between may go.
    leeway: i64,
    moves: Vec<u32>,
    best: Moment,
}

impl<'a> Pass<'a> {
    fn begin(
        ground: &'a Ground,
        cells: &'a mut [u32],
        units: &'a [u32],
        (pair, scratch): (Pair, &'a mut Scratch),
    ) -> Self {
        let mut queue = BinaryHeap::new();
        let (mut first_weight, mut leeway) = (0, 0);
        let mut stops = [Stop::default(); 2];
        for &unit in units {
            let own = cells[unit as usize];
            if let Some(rounds) = &ground.rounds {
                let side = &mut stops[usize::from(own != pair.first)];
                *side = *side + rounds.stop(unit as usize);
            }
            if own == pair.first {
                first_weight += ground.weight(unit);
            }
            leeway = leeway.max(ground.weight(unit));
            let (mut gain, mut borders) = (0, false);
            for near in ground.beside(unit) {
                let other = cells[near.unit as usize];
                if other == own {
                    gain -= near.shared_mm;
                } else if other == pair.first || other == pair.second {
                    gain += near.shared_mm;
                    borders = true;
                }
            }
            scratch.gains[unit as usize] = gain;
            scratch.versions[unit as usize] = 0;
            scratch.held[unit as usize] = false;
            if borders {
                queue.push((gain, Reverse(unit), 0));
            }
        }
        let (miss, late_ms) = (pair.window.miss(first_weight), late_ms(ground, pair, stops));
        let before = Moment { miss, late_ms, cut_mm: 0, move_count: 0 };
        let (moves, best) = (Vec::new(), before);
        Self { ground, cells, pair, scratch, queue, units, first_weight, stops, before, leeway, moves, best }
    }

    fn run(&mut self) {
        let patience = 30 + (self.units.len() / 8).min(300);
        let mut now = self.best;
        while let Some((gain, Reverse(unit), version)) = self.queue.pop() {
            let at = unit as usize;
            if self.scratch.held[at] || self.scratch.versions[at] != version {
                continue;
            }
            let own = self.cells[at];
            let to = if own == self.pair.first { self.pair.second } else { self.pair.first };
            let borders = self.ground.beside(unit).iter().any(|near| self.cells[near.unit as usize] == to);
            let weight = self.ground.weight(unit);
            let first_weight = self.first_weight + if own == self.pair.first { -weight } else { weight };
            let miss = self.pair.window.miss(first_weight);
            let is_allowed = miss <= now.miss.max(self.leeway.min(self.pair.window.high / 4));
            if !borders || !is_allowed || !self.scratch.can_leave(self.ground, self.cells, unit) {
                continue;
            }
            self.carry_out(unit, to);
            self.first_weight = first_weight;
            self.carry_stop(unit, to);
            let late_ms = late_ms(self.ground, self.pair, self.stops);
            now = Moment { miss, late_ms, cut_mm: now.cut_mm - gain, move_count: self.moves.len() };
            if now.score() < self.best.score() {
                self.best = now;
            } else if now.move_count > self.best.move_count + patience {
                return;
            }
        }
    }

    fn carry_out(&mut self, unit: u32, to: u32) {
        let own = self.cells[unit as usize];
        self.cells[unit as usize] = to;
        self.scratch.held[unit as usize] = true;
        self.moves.push(unit);
        for near in self.ground.beside(unit) {
            let at = near.unit as usize;
            let other = self.cells[at];
            if self.scratch.held[at] || (other != own && other != to) {
                continue;
            }
            let change_mm = if other == to { -2 * near.shared_mm } else { 2 * near.shared_mm };
            self.scratch.gains[at] += change_mm;
            self.scratch.versions[at] += 1;
            self.queue.push((self.scratch.gains[at], Reverse(near.unit), self.scratch.versions[at]));
        }
    }

    fn carry_stop(&mut self, unit: u32, to: u32) {
        let Some(rounds) = &self.ground.rounds else { return };
        let (stop, [first, second]) = (rounds.stop(unit as usize), self.stops);
        self.stops =
            if to == self.pair.first { [first + stop, second - stop] } else { [first - stop, second + stop] };
    }

    /// Takes back what came after the best moment.
    fn take_back(self) -> Moment {
        for &unit in &self.moves[self.best.move_count..] {
            let cell = &mut self.cells[unit as usize];
            *cell = if *cell == self.pair.first { self.pair.second } else { self.pair.first };
        }
        self.best
    }
}

/// By how much two sides take too long to visit, where that is asked.
pub(crate) fn late_ms(ground: &Ground, pair: Pair, stops: [Stop; 2]) -> i128 {
    let Some(rounds) = &ground.rounds else { return 0 };
    let sides = stops.into_iter().zip(pair.cell_counts);
    sides.map(|(stop, cell_count)| rounds.late_ms(stop, cell_count)).sum()
}
