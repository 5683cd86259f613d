// Hits that read the same are one line: the households of a building share its address. Pure.

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
