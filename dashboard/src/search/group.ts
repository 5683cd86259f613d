// Hits that read the same are one line: the households of a building share its address. Of many lines each kind has its
// share. Pure.

interface Hit {
  kind: string;
  title: string;
  detail?: string | null;
  node?: { __typename: string; cell?: { code: string } | null } | null;
}

export interface Group<H> {
  /** The first of the hits, which stands for all. */
  hit: H;
  count: number;
}

/** One group per kind, words and cell, in the order of the first of each. A cell or an incident is never like another. */
export function grouped<H extends Hit>(hits: readonly H[]): Group<H>[] {
  const groups = new Map<string, Group<H>>();
  hits.forEach((hit, index) => {
    const isOneOfAKind = hit.kind === 'CELL' || hit.kind === 'INCIDENT';
    const key = JSON.stringify([hit.kind, hit.title, hit.detail ?? '', hit.node?.cell?.code ?? '', isOneOfAKind ? index : '']);
    const group = groups.get(key);
    if (group) group.count++;
    else groups.set(key, { hit, count: 1 });
  });
  return [...groups.values()];
}

/** At most so many, a share of each kind, in the order given: a dozen cells of one name do not hide the road of that name. */
export function shared<H extends Hit>(groups: readonly Group<H>[], most: number): Group<H>[] {
  const counts = new Map<string, number>();
  const ranked = groups.map((group) => {
    const rank = counts.get(group.hit.kind) ?? 0;
    counts.set(group.hit.kind, rank + 1);
    return { group, rank };
  });
  const chosen = new Set([...ranked].sort((first, second) => first.rank - second.rank).slice(0, most).map(({ group }) => group));
  return groups.filter((group) => chosen.has(group));
}
