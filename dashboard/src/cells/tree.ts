// The cells of a district as a tree, and the questions that the page asks of it. Pure.

export interface TreeCell {
  code: string;
  level: string;
  parent: { code: string } | null;
}

export interface CellTree<Cell extends TreeCell = import('../districts/district.svelte').CellRow> {
  all: readonly Cell[];
  byCode: ReadonlyMap<string, Cell>;
  /** Codes from the parent up to the root. */
  ancestors(code: string): string[];
  /** Whether `code` is `ancestor` or lies below it. */
  isWithin(code: string | null | undefined, ancestor: string): boolean;
  ofLevel(level: string): Cell[];
}

export function cellTree<Cell extends TreeCell>(cells: readonly Cell[]): CellTree<Cell> {
  const byCode = new Map(cells.map((cell) => [cell.code, cell]));
  const ancestors = (code: string): string[] => {
    const found: string[] = [];
    let parent = byCode.get(code)?.parent?.code;
    while (parent !== undefined && !found.includes(parent)) {
      found.push(parent);
      parent = byCode.get(parent)?.parent?.code;
    }
    return found;
  };
  return {
    all: cells,
    byCode,
    ancestors,
    isWithin: (code, ancestor) => code !== null && code !== undefined && (code === ancestor || ancestors(code).includes(ancestor)),
    ofLevel: (level) => cells.filter((cell) => cell.level === level),
  };
}

/**
 * The level that the map starts with: the one whose target is nearest to a cell of 400 households, so that counts are
 * comparable; without targets the one above the smallest.
 */
export function startLevel(levels: readonly { key: string; targetHouseholds: number | null }[]): string | null {
  const named = levels.find((level) => level.key === 'cell');
  if (named) return named.key;
  const withTarget = levels.filter((level) => level.targetHouseholds !== null);
  const distance = (level: { targetHouseholds: number | null }) => Math.abs((level.targetHouseholds ?? 0) - 400);
  const [nearest] = [...withTarget].sort((a, b) => distance(a) - distance(b));
  return (nearest ?? levels.at(-2) ?? levels.at(-1))?.key ?? null;
}
