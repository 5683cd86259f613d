import { describe, expect, test } from 'vitest';
import { type Batch, ResumableVariables, cursorAfter } from './resume';

const batch = (kind: Batch['kind'], cursor: string, last = true): Batch => ({ kind, cursor, last });

describe('cursorAfter', () => {
  const check = (received: Batch, before: string | undefined, expected: string | undefined) =>
    expect(cursorAfter(received, before)).toBe(expected);

  test('a change and a bookmark move the cursor', () => {
    check(batch('CHANGES', 'b'), 'a', 'b');
    check(batch('BOOKMARK', 'c'), 'b', 'c');
  });

  test('half a snapshot is no place to resume from', () => {
    check(batch('SNAPSHOT', 'a', false), undefined, undefined);
    check(batch('SNAPSHOT', 'a', true), undefined, 'a');
  });

  test('a resync forgets the old cursor until its snapshot is whole', () => {
    check(batch('RESYNC', 'x'), 'a', undefined);
  });
});

test('a reconnect sends the cursor of the last batch, not the first', () => {
  const resumable = new ResumableVariables({ district: 'demo', after: undefined });
  const sent = () => JSON.parse(JSON.stringify(resumable.variables)) as Record<string, unknown>;
  expect(sent()).toEqual({ district: 'demo' });
  resumable.advance({ incidentChanges: batch('SNAPSHOT', '23') });
  resumable.advance({ incidentChanges: batch('CHANGES', '47') });
  expect(sent()).toEqual({ district: 'demo', after: '47' });
});

test('a result without data keeps the cursor', () => {
  const resumable = new ResumableVariables({ after: '5' });
  resumable.advance(undefined);
  resumable.advance({ incidentChanges: null });
  expect(resumable.variables['after']).toBe('5');
});
