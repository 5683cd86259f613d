import { expect, test } from 'vitest';
import { openRate, rateStep } from './rate';

const step = (open: number, households: number | null, area_m2: number | null = 10_000) =>
  rateStep(open, openRate(open, households, area_m2));

test('a cell of 1,000 households with 4 open is calmer than one of 100 with 4 open', () => {
  expect(step(4, 1_000)).toBeLessThan(step(4, 100));
});

test('nothing open is the lowest step, whatever the size', () => {
  expect([step(0, 400), step(0, 3), step(0, null)]).toEqual([0, 0, 0]);
});

test('anything open is never drawn like nothing open', () => {
  expect(step(1, 100_000)).toBe(1);
});

test('a cell with hardly any household is rated by its area', () => {
  expect(openRate(2, 3, 40_000)).toEqual({ value: 0.5, per: 'hectare' });
  expect(openRate(2, null, null)).toEqual({ value: 0, per: 'hectare' });
});
