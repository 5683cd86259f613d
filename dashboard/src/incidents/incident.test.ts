import { expect, test } from 'vitest';
import { byUrgency, isDue, isOverdue, markOf, lastClosed, numberOf } from './incident';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const due = (dueAt: string | null, reportedAt = '2026-11-22T08:00:00Z') => ({ dueAt, reportedAt });

test('an incident is due in its last 24 hours and overdue after them, never both', () => {
  const check = (dueAt: string | null, expected: [due: boolean, overdue: boolean]) =>
    expect([isDue(due(dueAt), NOW_MS), isOverdue(due(dueAt), NOW_MS)]).toEqual(expected);
  check('2026-11-23T12:00:01Z', [false, false]);
  check('2026-11-23T12:00:00Z', [true, false]);
  check('2026-11-22T12:00:00Z', [true, false]);
  check('2026-11-22T11:59:59Z', [false, true]);
  check(null, [false, false]);
});

test('the most overdue stands first and what has no date last', () => {
  const rows = [due(null), due('2026-11-25T00:00:00Z'), due('2026-11-20T00:00:00Z'), due(null, '2026-11-22T09:00:00Z')];
  expect(rows.sort(byUrgency).map((row) => row.dueAt ?? row.reportedAt)).toEqual([
    '2026-11-20T00:00:00Z',
    '2026-11-25T00:00:00Z',
    '2026-11-22T09:00:00Z',
    '2026-11-22T08:00:00Z',
  ]);
});

test('a mark tells the stage apart from the lateness', () => {
  const incident = { ...due('2026-11-20T00:00:00Z'), colour: 'RED' as const, stage: { key: 'collected' } };
  expect(markOf(incident, 'collected', NOW_MS)).toEqual({ colour: 'RED', dispatched: false, overdue: true });
  expect(markOf({ ...incident, stage: { key: 'dispatched' } }, 'collected', NOW_MS).dispatched).toBe(true);
});

test('the number of an incident is the same five digits each time, and another for another incident', () => {
  expect(numberOf('aW5jaWRlbnQ6MQ')).toMatch(/^\d{5}$/);
  expect(numberOf('aW5jaWRlbnQ6MQ')).toBe(numberOf('aW5jaWRlbnQ6MQ'));
  expect(numberOf('aW5jaWRlbnQ6MQ')).not.toBe(numberOf('aW5jaWRlbnQ6Mg'));
});

test('what was closed last comes first, whenever it was reported', () => {
  const [early, late, open] = [{ closedAt: '2026-06-01T08:00:00Z' }, { closedAt: '2026-06-01T09:00:00+00:00' }, { closedAt: null }];
  expect(lastClosed([early, open, late])).toEqual([late, early]);
});
