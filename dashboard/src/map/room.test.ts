import { expect, test } from 'vitest';
import { isLarge, isWhole, paddingBeside } from './room';

const AROUND = { top: 24, right: 24, bottom: 60, left: 24 };
const town = { west: 113.7, south: 34.37, east: 113.78, north: 34.43 };

test('on a wide map the legend is left out at the side', () => {
  expect(paddingBeside({ width: 1112, height: 836 }, { fromLeft: 260, fromBottom: 400 }, town, AROUND)).toEqual({ ...AROUND, left: 272 });
});

test('on a narrow map the legend is left out below', () => {
  expect(paddingBeside({ width: 390, height: 600 }, { fromLeft: 108, fromBottom: 54 }, town, AROUND)).toEqual({ ...AROUND, bottom: 66 });
});

test('without a legend the edges are all that stays free', () => {
  expect(paddingBeside({ width: 390, height: 600 }, null, town, AROUND)).toEqual(AROUND);
});

const ROOM = { width: 712, height: 836 };
const LEGEND = { fromLeft: 120, fromBottom: 54 };

test('a cell is whole where nothing of it is beyond the edge or below the legend', () => {
  expect(isWhole(ROOM, LEGEND, { left: 130, top: 48, right: 660, bottom: 820 })).toBe(true);
  expect(isWhole(ROOM, LEGEND, { left: 48, top: 48, right: 660, bottom: 780 })).toBe(true);
  expect(isWhole(ROOM, null, { left: 48, top: 48, right: 660, bottom: 820 })).toBe(true);
});

test.each([
  ['the left', { left: -1, top: 48, right: 660, bottom: 700 }],
  ['the top', { left: 48, top: 3, right: 660, bottom: 700 }],
  ['the right, where a panel has opened', { left: 48, top: 48, right: 900, bottom: 700 }],
  ['the bottom', { left: 140, top: 48, right: 660, bottom: 836 }],
  ['the legend', { left: 48, top: 48, right: 660, bottom: 820 }],
])('a cell that reaches beyond %s is not whole', (_edge, box) => {
  expect(isWhole(ROOM, LEGEND, box)).toBe(false);
});

test('a cell that is small both ways, as in a city that is shown as a whole, is a spot; a long one is not', () => {
  expect(isLarge(ROOM, { left: 300, top: 300, right: 340, bottom: 330 })).toBe(false);
  expect(isLarge(ROOM, { left: 300, top: 300, right: 320, bottom: 520 })).toBe(true);
  expect(isLarge(ROOM, { left: 200, top: 300, right: 400, bottom: 330 })).toBe(true);
});
