import { expect, test } from 'vitest';
import { circleRing } from './circle';

test('a circle at 60° north is twice as wide in degrees as it is high', () => {
  const ring = circleRing(120, 60, 100, 4);
  const [east, north] = [ring[0], ring[1]];
  expect(ring).toHaveLength(5);
  expect(ring[4]).toEqual(ring[0]);
  // 100 m are 0.000898 degrees of latitude; 1e-6 degree is 0.1 m.
  expect(Math.abs((north?.[1] ?? 0) - 60.000898)).toBeLessThan(1e-6);
  expect(Math.abs((east?.[0] ?? 0) - 120.001797)).toBeLessThan(1e-6);
});
