//! Brings cells back into tolerance: a flow says what has to cross which border, and border by border units go over.
//!
//! Then it is asked again what is left to do, and a border that did not let through what it should costs more.

use std::collections::HashMap;

use crate::districting::Span;
use crate::districting::duel::{Pair, Window};
use crate::districting::rebalance::flow::{Border, cheapest};
use crate::districting::rebalance::redraw::{Redraw, Touch, Tried};

/// Sweeps over all borders; later ones have little to do.
const MOST_SWEEPS: usize = 16;
/// Sweeps that mend no cell until it is given up.
const MOST_IN_VAIN: usize = 6;
/// What it costs to cross a border, and so much more for each time that it did not let through what it should.
const USUAL_COST: i64 = 4;
/// A short border costs more: what goes over there leaves a spike.
const SHORT_COST: i64 = 6;
/// The flow is asked to keep so far within tolerance, as a part of the mean unit: units are not as fine as it is, and what
/// goes over by a little too much or too little would have to be mended by one more.
const MARGIN_PARTS: i64 = 2;
/// What is less than so many mean units does not go over in the first sweep: single units mend it afterwards.
const LITTLE: i64 = 2;
/// Where at most so many mean units have to go over, one or two units are looked for.
const FEW: i64 = 3;

/// How often each border did not let through what it should.
type Failures = HashMap<[u32; 2], i64>;

/// What still has to cross a border.
#[derive(Clone, Copy)]
struct Crossing {
    from: u32,
    to: u32,
    amount: i64,
}

impl Redraw<'_> {
    /// Brings cells into tolerance, as far as that goes. Tells as soon as the units of a cell have had their turn.
    pub(super) fn bring_back(&mut self, tell: &dyn Fn(usize)) {
        let mut failures = Failures::new();
        let mut best = self.missing();
        let mut in_vain = 0;
        for number in 0..MOST_SWEEPS {
            let is_first = number == 0;
            self.sweep(&mut failures, (is_first, tell));
            self.nudge();
            let now = self.missing();
            in_vain = if now < best { 0 } else { in_vain + 1 };
            best = best.min(now);
            if best.0 == 0 || in_vain == MOST_IN_VAIN || self.watch.is_called_off() {
                return;
            }
        }
    }

    fn sweep(&mut self, failures: &mut Failures, (is_first, tell): (bool, &dyn Fn(usize))) {
        let touches = self.touches();
        let borders = self.priced(&touches, failures);
        let amounts = cheapest(&self.weights, &self.narrow_spans(), &borders);
        let too_little = if is_first { LITTLE * self.mean_weight() } else { 0 };
        let mut leaving: Vec<Vec<Crossing>> = vec![Vec::new(); self.spans.len()];
        // For each cell what it will have lost when all is done.
        let mut pending = vec![0_i64; self.spans.len()];
        let mut coming = vec![0_u32; self.spans.len()];
        for (touch, &amount) in touches.iter().zip(&amounts).filter(|(_, amount)| **amount != 0) {
            let [from, to] =
                if amount > 0 { [touch.first, touch.second] } else { [touch.second, touch.first] };
            leaving[from as usize].push(Crossing { from, to, amount: amount.abs() });
            coming[to as usize] += 1;
            pending[from as usize] += amount.abs();
            pending[to as usize] -= amount.abs();
        }
        // As of now: a unit that goes over would count in both cells.
        let unit_counts: Vec<usize> = self.members.iter().map(Vec::len).collect();
        // Who gets nothing any more hands on. What is cheapest never goes round in a circle, so all have their turn.
        let mut open: Vec<u32> =
            (0..self.spans.len() as u32).filter(|&cell| coming[cell as usize] == 0).collect();
        let mut at = 0;
        while at < open.len() && !self.watch.is_called_off() {
            let cell = open[at];
            at += 1;
            if is_first {
                tell(unit_counts[cell as usize]);
            }
            for crossing in std::mem::take(&mut leaving[cell as usize]) {
                if !self.hand_over(crossing, &mut pending, too_little) {
                    *failures
                        .entry([crossing.from.min(crossing.to), crossing.from.max(crossing.to)])
                        .or_default() += 1;
                }
                coming[crossing.to as usize] -= 1;
                if coming[crossing.to as usize] == 0 {
                    open.push(crossing.to);
                }
            }
        }
    }

    /// Lets weight cross a border, about as much as it should; whether that was so.
    fn hand_over(&mut self, crossing: Crossing, pending: &mut [i64], too_little: i64) -> bool {
        let Crossing { from, to, amount } = crossing;
        pending[from as usize] -= amount;
        pending[to as usize] += amount;
        // What both will weigh when everything else is done.
        let giver = self.weights[from as usize] - pending[from as usize];
        let taker = self.weights[to as usize] - pending[to as usize];
        let (gives, takes) = (self.spans[from as usize], self.spans[to as usize]);
        let mut least = giver.saturating_sub(gives.most).max(takes.least - taker);
        let mut most = (giver - gives.least).min(takes.most.saturating_sub(taker));
        if amount < too_little || (least <= 0 && most >= 0) {
            return true;
        }
        if least > most {
            (least, most) = (amount, amount);
        }
        let weight = self.weights[from as usize];
        let window = Window { low: weight - most, high: weight - least };
        let pair = Pair { first: from, second: to, window, cell_counts: [1, 1] };
        let mut tried = self.try_trade(pair);
        if least <= FEW * self.mean_weight()
            && let Some(few) = self.try_few(pair)
            && (few.miss, few.cost_mm) < (tried.miss, tried.cost_mm)
        {
            tried = few;
        }
        if tried.miss < window.miss(weight) {
            self.carry_out([from, to], &tried);
        }
        tried.miss == 0
    }

    /// What cells may weigh, less a margin on both sides where there is room for one.
    fn narrow_spans(&self) -> Vec<Span> {
        let margin = self.mean_weight() / MARGIN_PARTS;
        let narrow = |span: &Span| {
            if span.is_open() || span.most - span.least < 4 * margin {
                *span
            } else {
                Span { least: span.least + margin, most: span.most - margin }
            }
        };
        self.spans.iter().map(narrow).collect()
    }

    fn mean_weight(&self) -> i64 {
        self.weights.iter().sum::<i64>() / self.ground.count().max(1) as i64
    }

    /// Cells that one or two units bring into tolerance get the cheapest such, from or to any cell beside them that can
    /// afford it.
    fn nudge(&mut self) {
        let mut near: Vec<Vec<u32>> = vec![Vec::new(); self.spans.len()];
        for touch in self.touches() {
            near[touch.first as usize].push(touch.second);
            near[touch.second as usize].push(touch.first);
        }
        for cell in 0..self.spans.len() as u32 {
            if self.miss(cell) == 0 || self.watch.is_called_off() {
                continue;
            }
            let mut best: Option<(i64, u32, Tried)> = None;
            for &other in &near[cell as usize] {
                let Some(window) = self.window(cell, other) else { continue };
                let pair = Pair { first: cell, second: other, window, cell_counts: [1, 1] };
                let Some(tried) = self.try_few(pair) else { continue };
                if best.as_ref().is_none_or(|(least, ..)| tried.cost_mm < *least) {
                    best = Some((tried.cost_mm, other, tried));
                }
            }
            if let Some((_, other, tried)) = best {
                self.carry_out([cell, other], &tried);
            }
        }
    }

    /// What it costs to cross each border.
    fn priced(&self, touches: &[Touch], failures: &Failures) -> Vec<Border> {
        let total_mm: i128 = touches.iter().map(|touch| i128::from(touch.shared_mm)).sum();
        let short_mm = (total_mm / (touches.len().max(1) as i128 * 4)) as i64;
        let border = |touch: &Touch| {
            let usual = if touch.shared_mm < short_mm { SHORT_COST } else { USUAL_COST };
            let failed = failures.get(&[touch.first, touch.second]).copied().unwrap_or(0);
            Border { first: touch.first, second: touch.second, cost: usual + failed * USUAL_COST }
        };
        touches.iter().map(border).collect()
    }
}
