// How a subscription goes on where it broke.
//
// graphql-ws serialises the payload again at each (re)subscribe, so `after` is a getter over the newest cursor: after a
// cut the server sees the cursor of the last batch that this page applied. A snapshot only counts once it is whole.

/** What every live batch has in common. */
export interface Batch {
  cursor: string;
  kind: 'SNAPSHOT' | 'CHANGES' | 'BOOKMARK' | 'RESYNC';
  last: boolean;
}

function isBatch(value: unknown): value is Batch {
  return typeof value === 'object' && value !== null && 'cursor' in value && 'kind' in value;
}

/**
 * The cursor to resume from once `batch` is applied.
 *
 * Inside a snapshot that is not complete there is none: resuming there would leave out the rest of it. After RESYNC the
 * old cursor is void and the snapshot that follows brings the new one.
 */
export function cursorAfter(batch: Batch, before: string | undefined): string | undefined {
  if (batch.kind === 'RESYNC') return undefined;
  if (batch.kind === 'SNAPSHOT' && !batch.last) return undefined;
  return batch.cursor || before;
}

/** The variables of a subscription with an `after` that moves with what was received. */
export class ResumableVariables {
  readonly variables: Record<string, unknown>;
  #after: string | undefined;

  constructor(variables: Record<string, unknown>) {
    this.#after = typeof variables['after'] === 'string' ? variables['after'] : undefined;
    this.variables = Object.defineProperty({ ...variables }, 'after', { enumerable: true, get: () => this.#after });
  }

  /** Moves the cursor to the batch inside an execution result's data. */
  advance(data: unknown): void {
    if (typeof data !== 'object' || data === null) return;
    const batch: unknown = Object.values(data)[0];
    if (isBatch(batch)) this.#after = cursorAfter(batch, this.#after);
  }
}
