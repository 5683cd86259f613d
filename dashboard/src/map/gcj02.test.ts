import { expect, test } from 'vitest';
import { isShifted, toGcj02 } from './gcj02';
import table from './gcj02.table.json';

test('a place is shifted exactly as geo-tools shifts it', () => {
  expect(table.length).toBeGreaterThan(50);
  for (const { wgs84, gcj02 } of table) {
    const [lon = NaN, lat = NaN] = wgs84;
    const shifted = toGcj02({ lon, lat });
    expect([shifted.lon, shifted.lat], wgs84.join(', ')).toEqual(gcj02);
  }
});

test('nothing is shifted outside the box of the formula', () => {
  const helsinki = { lon: 24.9445, lat: 60.1715 };
  expect(isShifted(helsinki)).toBe(false);
  expect(toGcj02(helsinki)).toEqual(helsinki);
  expect(isShifted({ lon: 113.74, lat: 34.4 })).toBe(true);
});
