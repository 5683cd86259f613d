// Live changes as few words as possible: a screen reader gets one sentence every few seconds, not one per incident.
// Pure; `Announcements.svelte` brings the timer and the words.

export interface Tally<Incident> {
  added: number;
  changed: number;
  left: number;
  /** The newest incident that was added, for a name in the sentence. */
  latest: Incident | null;
}

export function emptyTally<Incident>(): Tally<Incident> {
  return { added: 0, changed: 0, left: 0, latest: null };
}

export function addToTally<Incident>(
  tally: Tally<Incident>,
  change: { added: readonly Incident[]; changed: readonly Incident[]; left: readonly Incident[] },
): Tally<Incident> {
  return {
    added: tally.added + change.added.length,
    changed: tally.changed + change.changed.length,
    left: tally.left + change.left.length,
    latest: change.added.at(-1) ?? tally.latest,
  };
}

export function isQuiet(tally: Tally<unknown>): boolean {
  return tally.added + tally.changed + tally.left === 0;
}
