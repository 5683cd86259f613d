// The cells of a district as a tree, and the questions that the page asks of it. Pure.
import type { ShownLevels } from '../map/style';

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

/** The levels that have cells, in the rules' order; before the first import all of them. */
export function levelsInUse<Level extends { key: string }>(levels: readonly Level[], cells: readonly { level: string }[]): readonly Level[] {
  const used = new Set(cells.map((cell) => cell.level));
  const inUse = levels.filter((level) => used.has(level.key));
  return inUse.length > 0 ? inUse : levels;
}

/** What the map shows at a level: the level in use above it, and where its borders rank among the levels of the rules. */
export function shownLevels(levels: readonly { key: string }[], inUse: readonly { key: string }[], level: string): ShownLevels {
  const at = inUse.findIndex((entry) => entry.key === level);
  return { level, parent: inUse[at - 1]?.key ?? null, rank: levels.findIndex((entry) => entry.key === level) + 1 };
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
