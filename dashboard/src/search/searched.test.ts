import { expect, test } from 'vitest';
import type { Role } from '../session/roles';
import { searchedFor } from './searched';

test.each<[Role, string[]]>([
  ['PUBLIC', ['PLACES', 'NO_INCIDENTS']],
  ['OBSERVER', ['PLACES', 'NO_INCIDENTS']],
  ['PLANNER', ['PLACES', 'NO_INCIDENTS']],
  ['DISPATCHER', ['PLACES', 'INCIDENTS']],
  ['WORKER', ['PLACES', 'HOUSEHOLDS', 'INCIDENTS']],
  ['HEAD', ['PLACES', 'HOUSEHOLDS', 'INCIDENTS']],
  ['ADMIN', ['PLACES', 'HOUSEHOLDS', 'INCIDENTS']],
])('a %s is told of what they may read, and of nothing else', (role, searched) => {
  expect(searchedFor(role)).toEqual(searched);
});
