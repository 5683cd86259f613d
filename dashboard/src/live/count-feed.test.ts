import { expect, test } from 'vitest';
import { CountFeed, type CountBatch } from './count-feed';

function batch(kind: CountBatch<number>['kind'], counts: Record<string, number> = {}, last = true): CountBatch<number> {
  return { cursor: 'c', kind, last, counts: Object.entries(counts).map(([code, open]) => ({ code, counts: open })) };
}

function feedWith(counts: Record<string, number>): CountFeed<number> {
  const feed = new CountFeed<number>();
  feed.apply(batch('SNAPSHOT', counts));
  return feed;
}

const shown = (feed: CountFeed<number>) => Object.fromEntries(feed.counts);

test('a change touches its cells only', () => {
  const feed = feedWith({ '1': 4, '11': 2 });
  feed.apply(batch('CHANGES', { '11': 3 }));
  expect(shown(feed)).toEqual({ '1': 4, '11': 3 });
});

test('a new snapshot forgets what it does not name', () => {
  const feed = feedWith({ '1': 4, '11': 2 });
  feed.apply(batch('RESYNC'));
  feed.apply(batch('SNAPSHOT', { '1': 1 }, false));
  expect(shown(feed)).toEqual({ '1': 4, '11': 2 });
  feed.apply(batch('SNAPSHOT', { '12': 1 }));
  expect(shown(feed)).toEqual({ '1': 1, '12': 1 });
});

test('half a snapshot that was cut leaves nothing behind', () => {
  const feed = feedWith({ '1': 4 });
  feed.apply(batch('SNAPSHOT', { '2': 9 }, false));
  feed.interrupt();
  feed.apply(batch('SNAPSHOT', { '1': 5 }));
  expect(shown(feed)).toEqual({ '1': 5 });
});
