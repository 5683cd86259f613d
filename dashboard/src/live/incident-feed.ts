// The open incidents as the server's batches leave them: each once, in its newest version.
//
// Pure: no clock, no network. `live.svelte.ts` feeds it and shows what comes out.
import type { Batch } from '../graphql/resume';

/** What the feed needs to know of an incident; the rest passes through. */
export interface Versioned {
  id: string;
  version: number;
}

export interface IncidentBatch<Incident extends Versioned> extends Batch {
  upserts: readonly Incident[];
  left: readonly Versioned[];
}

/** What one batch changed on the map. */
export interface FeedChange<Incident> {
  added: Incident[];
  changed: Incident[];
  left: string[];
  /** A snapshot has replaced everything. */
  replaced: boolean;
}

export class IncidentFeed<Incident extends Versioned> {
  #incidents = new Map<string, Incident>();
  /** Versions at which incidents left: an older change that arrives late must not bring one back. */
  #left = new Map<string, number>();
  #snapshot: Map<string, Incident> | null = null;

  get incidents(): ReadonlyMap<string, Incident> {
    return this.#incidents;
  }

  apply(batch: IncidentBatch<Incident>): FeedChange<Incident> {
    const change: FeedChange<Incident> = { added: [], changed: [], left: [], replaced: false };
    if (batch.kind === 'RESYNC') {
      // What is shown stays until the new snapshot is whole: an empty map would say that all is solved.
      this.#snapshot = new Map();
    } else if (batch.kind === 'SNAPSHOT') {
      this.#applySnapshot(batch, change);
    } else {
      this.#incidents = new Map(this.#incidents);
      this.#applyChanges(batch, change);
    }
    return change;
  }

  /** The connection was cut: half a snapshot will not be continued but sent anew. */
  interrupt(): void {
    this.#snapshot = null;
  }

  #applySnapshot(batch: IncidentBatch<Incident>, change: FeedChange<Incident>): void {
    this.#snapshot ??= new Map();
    for (const incident of batch.upserts) this.#snapshot.set(incident.id, incident);
    if (!batch.last) return;
    this.#incidents = this.#snapshot;
    this.#snapshot = null;
    this.#left.clear();
    change.replaced = true;
  }

  #applyChanges(batch: IncidentBatch<Incident>, change: FeedChange<Incident>): void {
    for (const { id, version } of batch.left) {
      this.#left.set(id, Math.max(version, this.#left.get(id) ?? 0));
      const known = this.#incidents.get(id);
      if (known && known.version <= version) {
        this.#incidents.delete(id);
        change.left.push(id);
      }
    }
    for (const incident of batch.upserts) {
      const known = this.#incidents.get(incident.id);
      if (known && known.version >= incident.version) continue;
      if ((this.#left.get(incident.id) ?? 0) >= incident.version) continue;
      this.#incidents.set(incident.id, incident);
      (known ? change.changed : change.added).push(incident);
    }
  }
}
