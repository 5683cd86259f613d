// Who is signed in, and the connection that speaks for them.
//
// A token lives in this tab only (sessionStorage). Without one the page is the public's.
import { address, takeTokenFromFragment } from '../address.svelte';
import { connect, type Answer, type Connection, type SocketState } from '../graphql/client';
import { ViewerDocument } from '../graphql/generated/operations';
import { tryAgain } from '../graphql/again';
import { UNAUTHENTICATED, isPassing, type Problem } from '../graphql/problem';
import type { ResultOf } from '../graphql/tada';
import type { AnyVariables, TypedDocumentNode } from '@urql/core';

export type Viewer = NonNullable<ResultOf<typeof ViewerDocument>['viewer']>;

const STORAGE_KEY = 'gridward.token';

class Session {
  token = $state<string | null>(null);
  viewer = $state.raw<Viewer | null>(null);
  /** Set when the server no longer takes the token: the page goes on as the public and asks to sign in again. */
  expired = $state(false);
  problem = $state.raw<Problem | null>(null);
  connection = $state.raw<Connection>();
  onSocketState: (state: SocketState) => void = () => undefined;

  /** Settles once the server has said who this is, or could not be asked; another one with each attempt. */
  known: Promise<void> = Promise.resolve();

  #giveUp: () => void = () => undefined;

  /** Opens the first connection, with the token of the address or of this tab. */
  start(): void {
    const fromAddress = takeTokenFromFragment();
    if (fromAddress) sessionStorage.setItem(STORAGE_KEY, fromAddress);
    addEventListener('hashchange', () => {
      const token = takeTokenFromFragment();
      if (token) this.signIn(token);
    });
    this.#open(sessionStorage.getItem(STORAGE_KEY));
  }

  signIn(token: string): void {
    sessionStorage.setItem(STORAGE_KEY, token);
    this.expired = false;
    this.#open(token);
  }

  signOut(): void {
    sessionStorage.removeItem(STORAGE_KEY);
    this.expired = false;
    this.#open(null);
  }

  /** Asks the server as this viewer. A refused token signs out and asks again as the public. */
  async ask<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Answer<Data>> {
    const connection = this.connection;
    if (!connection) return { data: null, problem: { code: 'NOT_STARTED', message: 'the page has not connected yet' } };
    const answer = await connection.ask(document, variables);
    if (answer.problem?.code === UNAUTHENTICATED && this.token !== null && connection === this.connection) this.expire();
    return answer;
  }

  /** The server refused or ended the token. */
  expire(): void {
    sessionStorage.removeItem(STORAGE_KEY);
    this.expired = true;
    this.#open(null);
    address.go({ panel: 'sign-in' }, 'replace');
  }

  async #loadViewer(): Promise<void> {
    const { connection } = this;
    const answer = await this.ask(ViewerDocument, {});
    if (connection !== this.connection) return;
    // What waits to be sent must know its sender: see the outbox.
    if (answer.problem && isPassing(answer.problem)) this.#giveUp = tryAgain(() => this.#askWho());
    this.problem = answer.problem;
    if (answer.data) this.viewer = answer.data.viewer;
  }

  #open(token: string | null): void {
    this.#giveUp();
    this.connection?.close();
    this.token = token;
    this.viewer = null;
    const opened: Connection = connect(token, (state) => {
      if (this.connection !== opened) return;
      if (state === 'refused') this.expire();
      else this.onSocketState(state);
    });
    this.connection = opened;
    this.#askWho();
  }

  #askWho(): void {
    this.known = this.#loadViewer();
  }
}

export const session = new Session();
