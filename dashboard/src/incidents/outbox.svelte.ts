// Reports that wait to be sent. Each is stored in this browser before it is sent and removed when the server has
// answered, so that a lost connection loses nothing; its client key stays the same, so that nothing is filed twice.
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { ReportIncidentDocument } from '../graphql/generated/operations';
import { UNAUTHENTICATED, isPassing, type Problem } from '../graphql/problem';
import type { ResultOf, VariablesOf } from '../graphql/tada';
import { districts } from '../districts/district.svelte';
import { session } from '../session/session.svelte';
import type { LocalText } from '../text/format';
import { UNKNOWN, isOwn, senderOf, type Sender } from './sender';

export type ReportInput = VariablesOf<typeof ReportIncidentDocument>['input'];
export type ReportPayload = NonNullable<ResultOf<typeof ReportIncidentDocument>['reportIncident']>;

export interface WaitingReport {
  clientKey: string;
  input: ReportInput;
  /** The category's name as it was chosen: the district may be out of reach when this is shown. */
  categoryNames: readonly LocalText[];
  /** Who wrote it: keys are unique per user, so another user must not send it. */
  sender: string;
  mark: string;
  storedAt_ms: number;
  problem: Problem | null;
}

export interface Delivered {
  report: WaitingReport;
  payload: ReportPayload;
}

export type Outcome = { kind: 'filed'; payload: ReportPayload } | { kind: 'waiting' } | { kind: 'refused'; problem: Problem };

interface OutboxSchema extends DBSchema {
  reports: { key: string; value: WaitingReport };
}

const INVALID_TIME = 'INVALID_TIME';
/** What is older is refused by the server, rightly: `OLDEST_REPORT` in domain/src/incident.rs. */
const KEPT_FOR_MS = 30 * 24 * 3_600_000;

/** While something waits it is tried again this often, besides when the connection comes back. */
const TRY_AGAIN_AFTER_MS = 10_000;

let database: Promise<IDBPDatabase<OutboxSchema>> | undefined;

function open(): Promise<IDBPDatabase<OutboxSchema>> {
  database ??= openDB<OutboxSchema>('gridward', 1, {
    upgrade: (db) => void db.createObjectStore('reports', { keyPath: 'clientKey' }),
  });
  return database;
}

class Outbox {
  waiting = $state.raw<readonly WaitingReport[]>([]);
  /** The viewer's own, but the one that is being sent from the form right now. */
  kept = $derived(this.waiting.filter((report) => report.clientKey !== this.#inForm && isOwn(report, present())));
  /** How many wait for somebody else who used this browser: no more than that is the viewer's to know. */
  ofOthers = $derived(this.waiting.filter((report) => !isOwn(report, present())).length);
  /** This browser keeps nothing (private window): a report is only sent, and the form says so when it is not. */
  unavailable = $state(false);
  #delivered = $state.raw<readonly Delivered[]>([]);
  /** What of the viewer's own was filed after it had waited, until they have seen the receipt. */
  delivered = $derived(this.#delivered.filter(({ report }) => isOwn(report, present())));
  #inForm = $state<string | null>(null);
  #flushing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Tells the other pages of this browser what was discarded: each has read what waits when it was opened. */
  #pages: BroadcastChannel | undefined;

  async start(): Promise<void> {
    this.#pages = new BroadcastChannel('gridward.outbox');
    this.#pages.onmessage = ({ data }: MessageEvent<string>) => this.#forget(data);
    await this.#read();
    addEventListener('online', () => void this.flush());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void this.flush();
    });
    await this.flush();
  }

  /** Stores a report, then tries to send it. */
  async send(input: ReportInput): Promise<Outcome> {
    const categoryNames = districts.form?.categories.find((category) => category.code === input.category)?.names ?? [];
    const { name, mark } = present();
    const report: WaitingReport = { clientKey: input.clientKey, input, categoryNames, sender: name, mark, storedAt_ms: Date.now(), problem: null };
    this.#inForm = report.clientKey;
    await this.#store(report);
    const outcome = await this.#deliver(report);
    // The form still shows what was refused, and says why.
    if (outcome.kind === 'refused') await this.discard(report.clientKey);
    else if (outcome.kind === 'waiting') this.#tryLater();
    this.#inForm = null;
    return outcome;
  }

  /** Sends what waits, oldest first; stops at the first that does not get through. The form sends its own. */
  async flush(): Promise<void> {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      await this.#sendKept();
    } finally {
      this.#flushing = false;
    }
    // Whatever was in the way, the socket of the page or the answer whose page it is: nobody has to press a button.
    if (this.#unsent().length > 0) this.#tryLater();
  }

  /** These receipts were seen. */
  acknowledge(seen: readonly Delivered[]): void {
    this.#delivered = this.#delivered.filter((delivered) => !seen.includes(delivered));
  }

  /** Neither this page nor another one of this browser sends it any more. */
  async discard(clientKey: string): Promise<void> {
    this.#pages?.postMessage(clientKey);
    await this.#remove(clientKey);
  }

  /** The viewer's own that may still be taken. */
  #unsent(): WaitingReport[] {
    return this.kept.filter((report) => report.problem === null);
  }

  async #remove(clientKey: string): Promise<void> {
    try {
      if (!this.unavailable) await (await open()).delete('reports', clientKey);
    } catch {
      this.unavailable = true;
    }
    this.#forget(clientKey);
  }

  #isWaiting(clientKey: string): boolean {
    return this.waiting.some((report) => report.clientKey === clientKey);
  }

  #forget(clientKey: string): void {
    this.waiting = this.waiting.filter((report) => report.clientKey !== clientKey);
  }

  async #sendKept(): Promise<void> {
    // The server has not said yet whose page this is.
    if (present().name === UNKNOWN) return;
    for (const { clientKey } of this.#unsent()) {
      // It may have been discarded meanwhile, or somebody else has signed in.
      const report = this.#unsent().find((other) => other.clientKey === clientKey);
      if (!report) continue;
      const outcome = await this.#deliver(report);
      if (outcome.kind === 'waiting') return;
      if (outcome.kind === 'filed') this.#delivered = [...this.#delivered, { report, payload: outcome.payload }];
      // Whoever discarded it while it was on its way does not want it back.
      if (outcome.kind === 'refused' && this.#isWaiting(clientKey)) await this.#store({ ...report, problem: outcome.problem });
    }
  }

  async #deliver(report: WaitingReport): Promise<Outcome> {
    // Somebody else may have signed in while it was being stored: their token does not speak for its sender.
    if (!isOwn(report, present())) return { kind: 'waiting' };
    const answer = await session.ask(ReportIncidentDocument, { input: report.input });
    // A token that ran out says nothing about the report: it waits until its sender has signed in again.
    if (answer.problem && (isPassing(answer.problem) || answer.problem.code === UNAUTHENTICATED)) {
      return this.unavailable ? { kind: 'refused', problem: answer.problem } : { kind: 'waiting' };
    }
    if (answer.problem) return { kind: 'refused', problem: answer.problem };
    const payload = answer.data.reportIncident;
    const [problem] = payload?.problems ?? [];
    if (problem?.code === INVALID_TIME && report.input.occurredAt && this.#isWaiting(report.clientKey) && Date.now() - report.storedAt_ms < KEPT_FOR_MS) {
      // The clock of this device is wrong, and nothing was filed: the server's is taken.
      const withoutTime = { ...report, input: { ...report.input, occurredAt: null } };
      await this.#store(withoutTime);
      return this.#deliver(withoutTime);
    }
    if (problem) return { kind: 'refused', problem };
    if (!payload) return { kind: 'refused', problem: { code: 'UNKNOWN', message: 'the answer was empty' } };
    await this.#remove(report.clientKey);
    return { kind: 'filed', payload };
  }

  #tryLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), TRY_AGAIN_AFTER_MS);
  }

  async #store(report: WaitingReport): Promise<void> {
    this.waiting = [...this.waiting.filter((other) => other.clientKey !== report.clientKey), report];
    try {
      await (await open()).put('reports', report);
    } catch {
      this.unavailable = true;
    }
  }

  async #read(): Promise<void> {
    try {
      const stored = await (await open()).getAll('reports');
      this.waiting = stored.sort((first, second) => first.storedAt_ms - second.storedAt_ms);
    } catch {
      this.unavailable = true;
    }
  }
}

function present(): Sender {
  return senderOf(session.token, session.viewer);
}

export const outbox = new Outbox();
