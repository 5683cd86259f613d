import { expect, test } from 'vitest';
import { addToTally, emptyTally, isQuiet } from './batched';

test('twenty changes become one sentence that names the newest', () => {
  let tally = emptyTally<string>();
  for (let index = 0; index < 20; index++) tally = addToTally(tally, { added: [`incident ${index}`], changed: [], left: [] });
  tally = addToTally(tally, { added: [], changed: ['x'], left: ['y', 'z'] });
  expect(tally).toEqual({ added: 20, changed: 1, left: 2, latest: 'incident 19' });
  expect(isQuiet(tally)).toBe(false);
  expect(isQuiet(emptyTally())).toBe(true);
});
