//! Cutting connected ground into connected regions of about the same size.

use std::collections::BTreeMap;

use crate::generate::ownership::Ownership;
use crate::generate::random::Random;

/// How many places are tried for a seed, and how many squares for the next of a region.
const SEED_CHOICES: usize = 8;
const SQUARE_CHOICES: usize = 3;

/// Cuts some squares into `count` regions: the region of each square, in the order of `squares`.
///
/// There are as many regions as asked for while there are as many squares; each is connected if all squares are.
pub(crate) fn grow(ground: &Ownership, squares: &[usize], count: usize, random: &mut Random) -> Vec<usize> {
    let place_of: BTreeMap<usize, usize> =
        squares.iter().enumerate().map(|(at, &square)| (square, at)).collect();
    let mut region_of: Vec<Option<usize>> = vec![None; squares.len()];
    let mut frontiers: Vec<Vec<usize>> = Vec::new();
    let mut sizes = vec![0_usize; count];
    let seeds = seeds(ground, squares, count, random);
    frontiers.extend(seeds.iter().map(|&seed| vec![seed]));
    let mut open: Vec<usize> = (0..seeds.len()).collect();
    while let Some(at) = (0..open.len()).min_by_key(|&at| sizes[open[at]]) {
        let region = open[at];
        let frontier = &mut frontiers[region];
        frontier.retain(|&place| region_of[place].is_none());
        if frontier.is_empty() {
            open.swap_remove(at);
            continue;
        }
        let compactness = |place: usize| {
            let own = ground.adjacent(squares[place]).filter_map(|beside| place_of.get(&beside));
            own.filter(|&&beside| region_of[beside] == Some(region)).count()
        };
        let choices = (0..SQUARE_CHOICES).map(|_| random.index(frontier.len()));
        let chosen = choices.max_by_key(|&at| compactness(frontier[at])).unwrap_or(0);
        let place = frontier.swap_remove(chosen);
        region_of[place] = Some(region);
        sizes[region] += 1;
        let beside = ground.adjacent(squares[place]).filter_map(|beside| place_of.get(&beside).copied());
        frontier.extend(beside.filter(|&beside| region_of[beside].is_none()));
    }
    region_of.into_iter().map(|region| region.unwrap_or(0)).collect()
}

/// Places among the squares that lie apart from each other.
fn seeds(ground: &Ownership, squares: &[usize], count: usize, random: &mut Random) -> Vec<usize> {
    let apart = |a: usize, b: usize| {
        let (a, b) = (ground.node(squares[a]), ground.node(squares[b]));
        a.column.abs_diff(b.column).pow(2) + a.row.abs_diff(b.row).pow(2)
    };
    let mut free: Vec<usize> = (0..squares.len()).collect();
    let mut seeds: Vec<usize> = Vec::new();
    while seeds.len() < count && !free.is_empty() {
        let choices = (0..SEED_CHOICES).map(|_| random.index(free.len()));
        let farthest =
            choices.max_by_key(|&at| seeds.iter().map(|&seed| apart(seed, free[at])).min().unwrap_or(0));
        seeds.push(free.swap_remove(farthest.unwrap_or(0)));
    }
    seeds
}

/// Shares `total` out by weight, at least one to each, the sum exact; nobody gets more than its weight while there is
/// weight enough. Each goes to whoever has the most weight for one more.
pub(crate) fn share_out(total: usize, weights: &[usize]) -> Vec<usize> {
    let mut shares = vec![1; weights.len()];
    for _ in weights.len()..total {
        let mut most = 0;
        for at in 1..weights.len() {
            if weights[at] * (shares[most] + 1) > weights[most] * (shares[at] + 1) {
                most = at;
            }
        }
        shares[most] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_nobody_gets_more_than_it_has_room_for() {
        let shares = share_out(56, &[400, 1, 399, 20, 300]);
        assert_eq!(shares.iter().sum::<usize>(), 56);
        assert_eq!(shares[1], 1);
        assert!(shares.iter().all(|&share| share > 0));
    }
}
