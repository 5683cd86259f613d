// The counts of a district's cells as the server's batches leave them. Pure, like `incident-feed.ts`.
import type { Batch } from '../graphql/resume';

export interface CountBatch<Counts> extends Batch {
  counts: readonly { code: string; counts: Counts }[];
}

export class CountFeed<Counts> {
  #counts: ReadonlyMap<string, Counts> = new Map();
  #snapshot: Map<string, Counts> | null = null;

  /** By the code of the cell. A cell that is absent is not for the viewer, or nothing came yet. */
  get counts(): ReadonlyMap<string, Counts> {
    return this.#counts;
  }

  apply(batch: CountBatch<Counts>): void {
    const rows = batch.counts.map((row) => [row.code, row.counts] as const);
    if (batch.kind === 'RESYNC') {
      this.#snapshot = new Map();
    } else if (batch.kind === 'SNAPSHOT') {
      this.#snapshot = new Map([...(this.#snapshot ?? []), ...rows]);
      if (!batch.last) return;
      this.#counts = this.#snapshot;
      this.#snapshot = null;
    } else if (rows.length > 0) {
      this.#counts = new Map([...this.#counts, ...rows]);
    }
  }

  /** The connection was cut: half a snapshot will not be continued but sent anew. */
  interrupt(): void {
    this.#snapshot = null;
  }
}
