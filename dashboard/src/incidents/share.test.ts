import { expect, test } from 'vitest';
import { shareOutside } from './share';

test('what the cells of a circle leave of it lies outside', () => {
  expect(shareOutside([{ share: 0.5 }, { share: 0.25 }])).toBe(0.25);
  expect(shareOutside([{ share: 0.7 }, { share: 0.2 }, { share: 0.1 }])).toBe(0);
  expect(shareOutside([])).toBe(0);
});
