import { expect, test } from 'vitest';
import { cellTree, levelsInUse, shownLevels, startLevel } from './tree';

const cell = (code: string, level: string, parent: string | null) => ({ code, level, parent: parent === null ? null : { code: parent } });
const tree = cellTree([cell('1', 'township', null), cell('11', 'cell', '1'), cell('111', 'micro-cell', '11'), cell('12', 'cell', '1')]);

test('a micro-cell lies within its cell and its township, not beside them', () => {
  expect(tree.ancestors('111')).toEqual(['11', '1']);
  expect(tree.isWithin('111', '1')).toBe(true);
  expect(tree.isWithin('111', '12')).toBe(false);
  expect(tree.isWithin(null, '1')).toBe(false);
});

test('a parent that names itself ends the walk', () => {
  expect(cellTree([cell('1', 'cell', '1')]).ancestors('1')).toEqual(['1']);
});

test('the map starts with the level of about 400 households', () => {
  const levels = [{ key: 'parish', targetHouseholds: 2_000 }, { key: 'beat', targetHouseholds: 350 }, { key: 'block', targetHouseholds: 80 }];
  expect(startLevel(levels)).toBe('beat');
  expect(startLevel([{ key: 'township', targetHouseholds: null }, { key: 'cell', targetHouseholds: null }])).toBe('cell');
  expect(startLevel([])).toBe(null);
});

const rules = ['township', 'community', 'cell', 'micro-cell'].map((key) => ({ key }));

test('a level without cells is neither offered nor the parent of another, and borders keep the rank of the rules', () => {
  const inUse = levelsInUse(rules, [cell('1', 'township', null), cell('12', 'cell', '1')]);
  expect(inUse.map((level) => level.key)).toEqual(['township', 'cell']);
  expect(shownLevels(rules, inUse, 'cell')).toEqual({ level: 'cell', parent: 'township', rank: 3 });
  expect(shownLevels(rules, inUse, 'township')).toEqual({ level: 'township', parent: null, rank: 1 });
});

test('before the first import every level of the rules is offered', () => {
  expect(levelsInUse(rules, [])).toEqual(rules);
});
