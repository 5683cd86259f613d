//! How far cells are from their means, counted.

use crate::districting::JudgedCell;
use crate::districting::explain::ROUNDING;

/// Bars within the tolerance on each side of the mean; as many again lie beyond it.
const BARS_WITHIN: usize = 5;
/// What a bar spans where every cell must weigh exactly the mean.
const WITHOUT_TOLERANCE_SHARE: f64 = 0.01;

/// Cells whose deviations lie in one span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// From this deviation; `None` reaches down without end.
    pub from: Option<f64>,
    /// To this deviation; `None` reaches up without end.
    pub to: Option<f64>,
    /// How many cells.
    pub cell_count: usize,
}

/// Bars of a fifth of the tolerance each, up to twice the tolerance, with one for the rest on either side.
///
/// A cell between two bars is counted in the one nearer to the mean, so that one that is just in tolerance is counted within
/// it; the mean itself is counted above.
pub(super) fn spread(cells: &[JudgedCell], tolerance_ppm: u32) -> Vec<Bar> {
    let tolerance_share = f64::from(tolerance_ppm) / 1e6;
    let width_share =
        if tolerance_ppm == 0 { WITHOUT_TOLERANCE_SHARE } else { tolerance_share / BARS_WITHIN as f64 };
    let side = 2 * BARS_WITHIN;
    let edge = |at: usize| (at as f64 - side as f64) * width_share;
    let mut bars = vec![Bar { from: None, to: Some(edge(0)), cell_count: 0 }];
    bars.extend((0..2 * side).map(|at| Bar { from: Some(edge(at)), to: Some(edge(at + 1)), cell_count: 0 }));
    bars.push(Bar { from: Some(edge(2 * side)), to: None, cell_count: 0 });
    for cell in cells {
        let steps =
            ((cell.deviation.abs() / width_share - ROUNDING).ceil() - 1.0).clamp(0.0, side as f64) as usize;
        let at = if cell.deviation < 0.0 { side - steps } else { side + 1 + steps };
        bars[at].cell_count += 1;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::districting::Weight;

    fn cell(deviation: f64) -> JudgedCell {
        JudgedCell {
            cell: "c".to_owned(),
            parent: None,
            unit_count: 1,
            weight: Weight::default(),
            deviation,
            is_in_tolerance: true,
            is_contiguous: true,
            polsby_popper: 0.5,
            clear_share: None,
            certificate: None,
            is_locked: false,
            round: None,
        }
    }

    fn counted(deviations: &[f64]) -> Vec<(usize, usize)> {
        let cells: Vec<JudgedCell> = deviations.iter().map(|&deviation| cell(deviation)).collect();
        let bars = spread(&cells, 50_000);
        let filled = bars.iter().enumerate().filter(|(_, bar)| bar.cell_count > 0);
        filled.map(|(at, bar)| (at, bar.cell_count)).collect()
    }

    #[test]
    fn a_cell_is_counted_in_the_bar_nearer_to_the_mean() {
        // 22 bars: 0 is below -10 %, 6 to 10 are -5 % to 0, 11 to 15 are 0 to 5 %, 21 is above 10 %.
        assert_eq!(counted(&[0.0, 0.01, 0.010_1]), [(11, 2), (12, 1)]);
        assert_eq!(counted(&[0.05, -0.05]), [(6, 1), (15, 1)]);
        assert_eq!(counted(&[0.050_1, -0.050_1]), [(5, 1), (16, 1)]);
        assert_eq!(counted(&[0.1, -0.1, 0.1001, -7.0]), [(0, 1), (1, 1), (20, 1), (21, 1)]);
    }

    #[test]
    fn bars_meet_and_every_cell_is_in_one_also_without_a_tolerance() {
        for tolerance_ppm in [0, 1, 50_000, 999_999] {
            let bars = spread(&[cell(0.0), cell(-1.0), cell(1e300)], tolerance_ppm);
            assert!(bars.windows(2).all(|pair| pair[0].to == pair[1].from), "{bars:?}");
            assert_eq!(bars.iter().map(|bar| bar.cell_count).sum::<usize>(), 3);
        }
    }
}
