import { describe, expect, test } from 'vitest';
import { IncidentFeed, type IncidentBatch, type Versioned } from './incident-feed';

const at = (id: string, version = 1): Versioned => ({ id, version });

function batch(kind: IncidentBatch<Versioned>['kind'], parts: Partial<IncidentBatch<Versioned>> = {}): IncidentBatch<Versioned> {
  return { cursor: 'c', kind, last: true, upserts: [], left: [], ...parts };
}

function feedWith(...incidents: Versioned[]): IncidentFeed<Versioned> {
  const feed = new IncidentFeed<Versioned>();
  feed.apply(batch('SNAPSHOT', { upserts: incidents }));
  return feed;
}

const shown = (feed: IncidentFeed<Versioned>) => [...feed.incidents.values()].map(({ id, version }) => `${id}@${version}`).sort();

describe('changes', () => {
  test('a batch that arrives twice changes nothing the second time', () => {
    const feed = feedWith(at('a'));
    const twice = batch('CHANGES', { upserts: [at('b'), at('a', 2)] });
    expect(feed.apply(twice)).toMatchObject({ added: [at('b')], changed: [at('a', 2)] });
    expect(feed.apply(twice)).toEqual({ added: [], changed: [], left: [], replaced: false });
    expect(shown(feed)).toEqual(['a@2', 'b@1']);
  });

  test('an older version never replaces a newer one', () => {
    const feed = feedWith(at('a', 3));
    feed.apply(batch('CHANGES', { upserts: [at('a', 2)] }));
    expect(shown(feed)).toEqual(['a@3']);
  });

  test('a late change does not bring back what has left', () => {
    const feed = feedWith(at('a', 1));
    expect(feed.apply(batch('CHANGES', { left: [at('a', 3)] })).left).toEqual(['a']);
    feed.apply(batch('CHANGES', { upserts: [at('a', 2)] }));
    expect(shown(feed)).toEqual([]);
    feed.apply(batch('CHANGES', { upserts: [at('a', 4)] }));
    expect(shown(feed)).toEqual(['a@4']);
  });

  test('a bookmark changes nothing', () => {
    const feed = feedWith(at('a'));
    expect(feed.apply(batch('BOOKMARK'))).toEqual({ added: [], changed: [], left: [], replaced: false });
    expect(shown(feed)).toEqual(['a@1']);
  });
});

describe('snapshots', () => {
  test('a snapshot in two batches shows when its last has come', () => {
    const feed = feedWith(at('old'));
    feed.apply(batch('SNAPSHOT', { upserts: [at('a')], last: false }));
    expect(shown(feed)).toEqual(['old@1']);
    expect(feed.apply(batch('SNAPSHOT', { upserts: [at('b')] })).replaced).toBe(true);
    expect(shown(feed)).toEqual(['a@1', 'b@1']);
  });

  test('a snapshot that was cut by the network leaves nothing behind', () => {
    const feed = feedWith();
    feed.apply(batch('SNAPSHOT', { upserts: [at('closed-meanwhile')], last: false }));
    feed.interrupt();
    feed.apply(batch('SNAPSHOT', { upserts: [at('a')] }));
    expect(shown(feed)).toEqual(['a@1']);
  });

  test('a snapshot that was cut starts anew after a resync', () => {
    const feed = feedWith(at('old'));
    feed.apply(batch('SNAPSHOT', { upserts: [at('half')], last: false }));
    feed.apply(batch('RESYNC'));
    expect(shown(feed)).toEqual(['old@1']);
    feed.apply(batch('SNAPSHOT', { upserts: [at('a')] }));
    expect(shown(feed)).toEqual(['a@1']);
  });
});
