//! Where a town is: one piece of ground without a hole, and nowhere two pieces that only touch at a node.

use crate::generate::ownership::Ownership;
use crate::generate::random::{Purpose, Random};

/// How many squares are looked at to take the one nearest to the middle: fewer make a wilder outline.
const CHOICES: usize = 4;

/// A patch of at least `square_count` squares, as the squares of owner 0.
pub(crate) fn outline(square_count: usize, seed: u64) -> Ownership {
    let side = (square_count * 8 / 5).isqrt() + 4;
    let mut ground = Ownership::new(side, side);
    let mut random = Random::new(seed, Purpose::Outline);
    let middle = (side / 2) * side + side / 2;
    let mut frontier = vec![middle];
    let mut taken = 0;
    while taken < square_count && !frontier.is_empty() {
        let chosen = (0..CHOICES).map(|_| random.index(frontier.len()));
        let nearest = chosen.min_by_key(|&at| distance_squared(&ground, frontier[at], middle)).unwrap_or(0);
        let square = frontier.swap_remove(nearest);
        if ground.owners[square].is_some() {
            continue;
        }
        ground.owners[square] = Some(0);
        taken += 1;
        // The outermost row and column stay free, so that everything outside is connected.
        let inner = |&beside: &usize| {
            let node = ground.node(beside);
            (1..side - 1).contains(&node.column) && (1..side - 1).contains(&node.row)
        };
        let beside: Vec<usize> = ground.adjacent(square).filter(inner).collect();
        frontier.extend(beside.into_iter().filter(|&beside| ground.owners[beside].is_none()));
    }
    // Filling a corner can enclose ground, and filling that can make a corner; each round takes squares in, so it ends.
    while fill_corners(&mut ground) | fill_holes(&mut ground) {}
    ground
}

fn distance_squared(ground: &Ownership, a: usize, b: usize) -> usize {
    let (a, b) = (ground.node(a), ground.node(b));
    a.column.abs_diff(b.column).pow(2) + a.row.abs_diff(b.row).pow(2)
}

/// Takes in what cannot be reached from outside over sides; says whether there was something.
fn fill_holes(ground: &mut Ownership) -> bool {
    let mut is_outside = vec![false; ground.owners.len()];
    let mut reached = vec![0];
    is_outside[0] = true;
    while let Some(square) = reached.pop() {
        for beside in ground.adjacent(square) {
            if ground.owners[beside].is_none() && !is_outside[beside] {
                is_outside[beside] = true;
                reached.push(beside);
            }
        }
    }
    let mut filled = false;
    for (owner, is_outside) in ground.owners.iter_mut().zip(is_outside) {
        if owner.is_none() && !is_outside {
            *owner = Some(0);
            filled = true;
        }
    }
    filled
}

/// Takes in one square wherever two squares of the town touch at a node only; says whether there was such a node.
fn fill_corners(ground: &mut Ownership) -> bool {
    let mut filled = false;
    for square in 0..ground.owners.len() {
        let others = [(1, 0), (0, 1), (1, 1)].map(|(columns, rows)| ground.beside(square, columns, rows));
        let [Some(east), Some(north), Some(across)] = others else { continue };
        let is_town = |square: usize| ground.owners[square].is_some();
        let (here, east_is, north_is, across_is) =
            (is_town(square), is_town(east), is_town(north), is_town(across));
        if here == across_is && east_is == north_is && here != east_is {
            ground.owners[if here { east } else { square }] = Some(0);
            filled = true;
        }
    }
    filled
}
