// What of an accuracy circle no cell has.

/** Less is the rounding of a sum. */
const LEAST = 1e-6;

/** The share of a circle outside every cell: what its cells leave of 1. Without cells nothing is known of a circle. */
export function shareOutside(cells: readonly { share: number }[]): number {
  const left = cells.reduce((rest, cell) => rest - cell.share, 1);
  return cells.length > 0 && left > LEAST ? left : 0;
}
