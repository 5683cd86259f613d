import { expect, test } from 'vitest';
import { paddingBeside } from './room';

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
