// The one way to the server: queries and mutations over POST, subscriptions over one WebSocket.
//
// Start at `connect`. A connection belongs to one token; signing in or out makes a new one.
import { Client, fetchExchange, subscriptionExchange, type AnyVariables, type TypedDocumentNode } from '@urql/core';
import { Kind, type DocumentNode, type FormattedExecutionResult } from 'graphql';
import { createClient, type Client as SocketClient, type Sink } from 'graphql-ws';
import { type Problem, Refusal, problemOf } from './problem';
import { ResumableVariables } from './resume';

/** Sign in again: 4401 the token was refused, 4403 it has expired or lost its rights. */
const FINAL_CLOSE_CODES = new Set([4401, 4403]);
const KEEP_ALIVE_MS = 10_000;
const PONG_WITHIN_MS = 5_000;
const RETRY_AT_MOST_MS = 5_000;
const OFFLINE_RETRY_MS = 60_000;
/** A line that is dead but not cut lets a request hang for a quarter of an hour, and what waits behind it as well. */
const ANSWER_WITHIN_MS = 60_000;

export type SocketState = 'connecting' | 'open' | 'closed' | 'refused';

export type Answer<Data> = { data: Data; problem: null } | { data: null; problem: Problem };

export interface Connection {
  /** Asks once. The answer has data or a problem, never both and never an exception. */
  ask<Data, Variables extends AnyVariables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Answer<Data>>;
  /** Follows a subscription; after a cut it resumes by its cursor. Returns how to stop. */
  follow<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    on: { data: (data: Data) => void; problem: (problem: Problem) => void },
  ): () => void;
  /** Tries to reconnect now instead of after the wait. */
  hurry(): void;
  close(): void;
}

function socketAddress(): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql/ws`;
}

/**
 * Waits between attempts to reconnect: longer each time, never in step with other pages, cut short by `hurry` and when the
 * browser says that it is online again. While it says that it is not, an attempt is rare: each would only be one more error.
 */
class Patience {
  #wake: (() => void) | undefined;

  async wait(attempt: number): Promise<void> {
    const longest_ms = navigator.onLine ? Math.min(RETRY_AT_MOST_MS, 500 * 2 ** attempt) : OFFLINE_RETRY_MS;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        removeEventListener('online', wake);
        resolve();
      };
      const timer = setTimeout(wake, longest_ms * (0.7 + Math.random() * 0.3));
      addEventListener('online', wake);
      this.#wake = wake;
    });
  }

  hurry(): void {
    this.#wake?.();
  }
}

function openSocket(token: string | null, patience: Patience, onState: (state: SocketState) => void): SocketClient {
  let pongDue: ReturnType<typeof setTimeout> | undefined;
  let refused = false;
  const socket: SocketClient = createClient({
    url: socketAddress(),
    lazy: true,
    keepAlive: KEEP_ALIVE_MS,
    retryAttempts: Infinity,
    shouldRetry: () => !refused,
    retryWait: (attempt) => patience.wait(attempt),
    connectionParams: () => (token === null ? {} : { token }),
    on: {
      connecting: () => onState('connecting'),
      connected: () => onState('open'),
      closed: (event) => {
        clearTimeout(pongDue);
        const code = event instanceof CloseEvent ? event.code : 0;
        refused = FINAL_CLOSE_CODES.has(code);
        onState(refused ? 'refused' : 'closed');
      },
      ping: (received) => {
        if (!received) pongDue = setTimeout(() => socket.terminate(), PONG_WITHIN_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(pongDue);
      },
    },
  });
  return socket;
}

function resuming(socket: SocketClient) {
  return subscriptionExchange({
    forwardSubscription: ({ query, variables }) => ({
      subscribe: (sink) => {
        const resumable = new ResumableVariables(variables ?? {});
        const forward: Sink<FormattedExecutionResult> = {
          next: (result) => {
            resumable.advance(result.data);
            // The two libraries' result types differ only in which members may be absent.
            sink.next(result as Parameters<typeof sink.next>[0]);
          },
          error: (error) => sink.error(error),
          complete: () => sink.complete(),
        };
        return { unsubscribe: socket.subscribe({ query: query ?? '', variables: resumable.variables }, forward) };
      },
    }),
  });
}

function isMutation(document: DocumentNode): boolean {
  return document.definitions.some((definition) => definition.kind === Kind.OPERATION_DEFINITION && definition.operation === 'mutation');
}

/** Gives up in time, and keeps the code of a refusal that is not GraphQL's own. */
async function fetchOrRefusal(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), ANSWER_WITHIN_MS);
  // The client library aborts its own once it has what it wants, or wants it no more.
  init?.signal?.addEventListener('abort', () => {
    clearTimeout(timer);
    patience.abort();
  });
  const response = await fetch(input, { ...init, signal: patience.signal });
  if (response.ok || response.headers.get('content-type')?.startsWith('application/problem+json') !== true) return response;
  const { code, detail } = (await response.json()) as { code: string; detail?: string };
  throw new Refusal(code, detail ?? response.statusText);
}

/** Connects as the holder of `token`, or as the public. */
export function connect(token: string | null, onState: (state: SocketState) => void): Connection {
  const patience = new Patience();
  const socket = openSocket(token, patience, onState);
  const client = new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetch: fetchOrRefusal,
    exchanges: [fetchExchange, resuming(socket)],
    fetchOptions: () => ({ headers: token === null ? {} : { authorization: `Bearer ${token}` } }),
  });
  return {
    async ask(document, variables) {
      const request = isMutation(document)
        ? client.mutation(document, variables)
        : client.query(document, variables, { requestPolicy: 'network-only' });
      const result = await request.toPromise();
      if (result.error) return { data: null, problem: problemOf(result.error) };
      if (result.data === undefined) return { data: null, problem: problemOf('the answer was empty') };
      return { data: result.data, problem: null };
    },
    follow(document, variables, on) {
      const source = client.subscription(document, variables);
      const subscription = source.subscribe((result) => {
        if (result.error) on.problem(problemOf(result.error));
        else if (result.data !== undefined) on.data(result.data);
      });
      return () => subscription.unsubscribe();
    },
    hurry: () => patience.hurry(),
    // A socket that is refused while it is being closed rejects; the refusal itself has been told by then.
    close: () => void Promise.resolve(socket.dispose()).catch(() => undefined),
  };
}
