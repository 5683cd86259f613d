// The live state of one district: its open incidents and the counts of its cells, by two subscriptions.
//
// Start at `Live.follow`. What a batch does is in `incident-feed.ts` and `count-feed.ts`; how a cut connection resumes is
// in `graphql/resume.ts`.
//
// Invariant: what is shown is never emptied by a lost connection; the indicator says since when it is old.
import { CellCountsDocument, IncidentChangesDocument } from '../graphql/generated/operations';
import type { Problem } from '../graphql/problem';
import type { ResultOf } from '../graphql/tada';
import type { Connection, SocketState } from '../graphql/client';
import { CountFeed } from './count-feed';
import { IncidentFeed } from './incident-feed';

type Incidents = ResultOf<typeof IncidentChangesDocument>['incidentChanges'];
type CellCounts = ResultOf<typeof CellCountsDocument>['cellCounts'];
export type LiveIncident = Incidents['upserts'][number];
export type Counts = CellCounts['counts'][number]['counts'];
export type LiveStatus = 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface Announcement {
  added: LiveIncident[];
  changed: LiveIncident[];
  left: LiveIncident[];
}

/** After this long without a connection the indicator says offline; attempts go on. */
const OFFLINE_AFTER_MS = 12_000;
const FOLLOW_AGAIN_AFTER_MS = 5_000;

/** What tests and curious people may look at: `window.gridward.live.trace`. Upserts are `id@version`. */
interface Trace {
  incidentBatches: { kind: string; upserts: string[]; left: string[] }[];
}

class Live {
  incidents = $state.raw<ReadonlyMap<string, LiveIncident>>(new Map());
  counts = $state.raw<ReadonlyMap<string, Counts>>(new Map());
  /** Whether the first snapshot has come. */
  loaded = $state(false);
  problem = $state.raw<Problem | null>(null);
  socket = $state<SocketState>('connecting');
  online = $state(navigator.onLine);
  /** Since when the socket is not open; null while it is. */
  lostAt_ms = $state<number | null>(Date.now());
  longLost = $state(false);
  readonly trace: Trace = { incidentBatches: [] };

  status = $derived.by<LiveStatus>(() => {
    if (!this.online) return 'offline';
    if (this.socket === 'open') return this.loaded ? 'live' : 'connecting';
    if (this.longLost) return 'offline';
    return this.loaded ? 'reconnecting' : 'connecting';
  });

  #feed = new IncidentFeed<LiveIncident>();
  #countFeed = new CountFeed<Counts>();
  #listeners = new Set<(announcement: Announcement) => void>();
  #longLostTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    addEventListener('online', () => {
      this.online = true;
      if (this.socket === 'open') this.lostAt_ms = null;
    });
    addEventListener('offline', () => {
      this.online = false;
      this.lostAt_ms ??= Date.now();
    });
    this.#startLostTimer();
  }

  onSocketState(state: SocketState): void {
    const wasOpen = this.socket === 'open';
    this.socket = state;
    if (state === 'open') {
      this.lostAt_ms = null;
      this.longLost = false;
      clearTimeout(this.#longLostTimer);
    } else if (wasOpen) {
      this.#feed.interrupt();
      this.#countFeed.interrupt();
      this.lostAt_ms = Date.now();
      this.#startLostTimer();
    }
  }

  /** Calls back with what each batch added, changed and took away; not for snapshots. */
  onAnnouncement(listener: (announcement: Announcement) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Follows a district over a connection, from a new snapshot. Returns how to stop. */
  follow(connection: Connection, district: string): () => void {
    this.#feed = new IncidentFeed<LiveIncident>();
    this.incidents = this.#feed.incidents;
    this.#countFeed = new CountFeed<Counts>();
    this.counts = this.#countFeed.counts;
    this.loaded = false;
    this.problem = null;
    const stops = [
      this.#keepFollowing((on) =>
        connection.follow(IncidentChangesDocument, { district, filter: { open: true } }, {
          data: (data) => this.#applyIncidents(data.incidentChanges),
          problem: on,
        }),
      ),
      this.#keepFollowing((on) =>
        connection.follow(CellCountsDocument, { district }, { data: (data) => this.#applyCounts(data.cellCounts), problem: on }),
      ),
    ];
    return () => stops.forEach((stop) => stop());
  }

  /** A subscription that the server ends with an error is final for the client library: it is asked again here. */
  #keepFollowing(start: (onProblem: (problem: Problem) => void) => () => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stop: () => void = () => undefined;
    const begin = () => {
      stop = start((problem) => {
        // Before the first import there are no cells to count: the page says so, and this asks again.
        if (problem.code !== 'NO_PLAN') this.problem = problem;
        stop();
        timer = setTimeout(begin, FOLLOW_AGAIN_AFTER_MS);
      });
    };
    begin();
    return () => {
      clearTimeout(timer);
      stop();
    };
  }

  #applyIncidents(batch: Incidents): void {
    const before = this.#feed.incidents;
    const change = this.#feed.apply(batch);
    this.trace.incidentBatches.push({
      kind: batch.kind,
      upserts: batch.upserts.map((incident) => `${incident.id}@${incident.version}`),
      left: batch.left.map((incident) => incident.id),
    });
    if (this.trace.incidentBatches.length > 500) this.trace.incidentBatches.shift();
    this.incidents = this.#feed.incidents;
    this.problem = null;
    if (change.replaced) this.loaded = true;
    if (change.added.length + change.changed.length + change.left.length === 0) return;
    const left = change.left.map((id) => before.get(id)).filter((incident) => incident !== undefined);
    for (const listener of this.#listeners) listener({ added: change.added, changed: change.changed, left });
  }

  #applyCounts(batch: CellCounts): void {
    this.#countFeed.apply(batch);
    this.counts = this.#countFeed.counts;
  }

  #startLostTimer(): void {
    clearTimeout(this.#longLostTimer);
    this.#longLostTimer = setTimeout(() => (this.longLost = true), OFFLINE_AFTER_MS);
  }
}

export const live = new Live();
