//! The tree of boxes in front of the features: leaves along the Hilbert curve, sixteen to a node, the root first.

/// How many boxes a node has.
pub(super) const NODE_BOXES: usize = 16;
/// The curve's squares along each side.
const SIDE: u32 = 1 << 16;

/// A box with what it leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaf {
    /// West, south, east, north.
    pub(super) edges: [f64; 4],
    /// Where its feature begins, from the first on.
    pub(super) offset: u64,
}

fn around(first: [f64; 4], second: [f64; 4]) -> [f64; 4] {
    [first[0].min(second[0]), first[1].min(second[1]), first[2].max(second[2]), first[3].max(second[3])]
}

/// The bytes of the tree over leaves that are in their order.
pub(super) fn encode(leaves: &[Leaf]) -> Vec<u8> {
    // From the leaves up, each level one node for sixteen of the one below; there is always a root above the leaves.
    let mut counts = vec![leaves.len()];
    while counts.len() < 2 || counts.last().is_some_and(|count| *count > 1) {
        counts.push(counts.last().map_or(0, |count| count.div_ceil(NODE_BOXES)));
    }
    let mut levels = vec![leaves.to_vec()];
    let mut start: usize = counts.iter().sum();
    for count in &counts[..counts.len() - 1] {
        start -= count;
        let below = levels.last().map(Vec::as_slice).unwrap_or_default();
        let node = |(index, boxes): (usize, &[Leaf])| Leaf {
            edges: boxes.iter().map(|one| one.edges).reduce(around).unwrap_or_default(),
            offset: (start + index * NODE_BOXES) as u64,
        };
        let level = below.chunks(NODE_BOXES).enumerate().map(node).collect();
        levels.push(level);
    }
    let mut bytes = Vec::with_capacity(counts.iter().sum::<usize>() * 40);
    for leaf in levels.iter().rev().flatten() {
        bytes.extend(leaf.edges.map(f64::to_le_bytes).concat());
        bytes.extend(leaf.offset.to_le_bytes());
    }
    bytes
}

/// How far along the curve over some bounds the middle of a box lies.
pub(super) fn along(edges: [f64; 4], bounds: [f64; 4]) -> u32 {
    let square = |low: f64, high: f64, from: f64, to: f64| {
        let share = if to > from { ((low + high) / 2.0 - from) / (to - from) } else { 0.0 };
        (share.clamp(0.0, 1.0) * f64::from(SIDE - 1)).round() as u32
    };
    let mut x = square(edges[0], edges[2], bounds[0], bounds[2]);
    let mut y = square(edges[1], edges[3], bounds[1], bounds[3]);
    let (mut along, mut half) = (0, SIDE / 2);
    while half > 0 {
        let (right, upper) = (x & half > 0, y & half > 0);
        let quarter = match (right, upper) {
            (false, false) => 0,
            (false, true) => 1,
            (true, true) => 2,
            (true, false) => 3,
        };
        along = along * 4 + quarter;
        if !upper {
            if right {
                (x, y) = (SIDE - 1 - x, SIDE - 1 - y);
            }
            (x, y) = (y, x);
        }
        half /= 2;
    }
    along
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_ground() {
        let bounds = [0.0, 0.0, 65_535.0, 65_535.0];
        let mut squares: Vec<(u32, i32, i32)> = (0..64 * 64)
            .map(|at| {
                let (x, y) = (at % 64, at / 64);
                let edges = [f64::from(x), f64::from(y), f64::from(x), f64::from(y)];
                (along(edges, bounds), x, y)
            })
            .collect();
        squares.sort_unstable();
        for (at, pair) in squares.windows(2).enumerate() {
            assert_eq!((pair[0].0 as usize, pair[1].0 as usize), (at, at + 1));
            assert_eq!((pair[0].1 - pair[1].1).abs() + (pair[0].2 - pair[1].2).abs(), 1, "{pair:?}");
        }
    }

    #[test]
    fn the_root_stands_first_and_every_node_leads_to_its_boxes() {
        for count in [1_usize, 2, 16, 17, 256, 257, 5_000] {
            let leaf =
                |at: usize| Leaf { edges: [at as f64, 0.0, at as f64 + 1.0, 1.0], offset: at as u64 * 100 };
            let bytes = encode(&(0..count).map(leaf).collect::<Vec<_>>());
            let eight = |at: usize| <[u8; 8]>::try_from(&bytes[at..at + 8]).expect("eight bytes");
            let east = |node: usize| f64::from_le_bytes(eight(node * 40 + 16));
            let offset = |node: usize| u64::from_le_bytes(eight(node * 40 + 32)) as usize;
            assert_eq!(east(0), count as f64, "{count}: the root's box");
            // From the root down to the leaves, which are the last so many.
            let node_count = bytes.len() / 40;
            let (mut start, mut level_count) = (0, 1);
            while start == 0 || start + count < node_count {
                let below = offset(start);
                assert_eq!(below, start + level_count, "{count}: levels follow each other");
                for node in 0..level_count {
                    assert_eq!(offset(start + node), below + node * NODE_BOXES, "{count}: node {node}");
                }
                start = below;
                level_count = if start + count == node_count { count } else { offset(start) - start };
            }
            assert_eq!((level_count, offset(start)), (count, 0), "{count}");
            assert_eq!(offset(start + count - 1), (count - 1) * 100, "{count}");
        }
    }
}
