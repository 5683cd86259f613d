// What went wrong, as the page shows it: a code that can be looked up and a sentence that can be acted on.
import { CombinedError } from '@urql/core';

export interface Problem {
  code: string;
  message: string;
  /** Values for a sentence in another language. */
  params?: readonly { name: string; value: string }[];
}

/** A refusal of the HTTP door, as RFC 9457 has it. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Codes of this page itself; all others are the server's, listed in docs/errors.md. */
export const OFFLINE = 'OFFLINE';
export const STREAM_CLOSED = 'STREAM_CLOSED';
export const UNKNOWN = 'UNKNOWN';
export const UNAUTHENTICATED = 'UNAUTHENTICATED';

interface GraphQLErrorShape {
  message: string;
  extensions?: Record<string, unknown>;
}

function problemOfGraphQLError(error: GraphQLErrorShape): Problem {
  const code = error.extensions?.['code'];
  return { code: typeof code === 'string' ? code : UNKNOWN, message: error.message };
}

/** A close of the socket arrives as a CloseEvent, which is no Error and has no message of its own. */
function problemOfClose(event: CloseEvent): Problem {
  return { code: STREAM_CLOSED, message: event.reason || `connection closed with code ${event.code}` };
}

/** Turns whatever a request or a subscription ended with into one problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof CombinedError) {
    const [first] = error.graphQLErrors;
    if (first) return problemOfGraphQLError(first);
    const network: unknown = error.networkError;
    if (typeof CloseEvent !== 'undefined' && network instanceof CloseEvent) return problemOfClose(network);
    if (network instanceof Refusal) return { code: network.code, message: network.message };
    const status = (error.response as Response | undefined)?.status;
    if (status === 401) return { code: UNAUTHENTICATED, message: 'the token is not known or has expired' };
    if (status !== undefined && status >= 400) return { code: `HTTP_${status}`, message: error.message };
    return { code: OFFLINE, message: error.message };
  }
  if (Array.isArray(error) && error.length > 0) return problemOfGraphQLError(error[0] as GraphQLErrorShape);
  if (typeof CloseEvent !== 'undefined' && error instanceof CloseEvent) return problemOfClose(error);
  return { code: UNKNOWN, message: error instanceof Error ? error.message : String(error) };
}

/** Whether no answer of the server came: what was asked may have been done all the same. */
export function isOffline(problem: Problem): boolean {
  return problem.code === OFFLINE || problem.code === 'HTTP_502' || problem.code === 'HTTP_503' || problem.code === 'HTTP_504';
}

/** Answers that say nothing about what was sent: the same may be taken a moment later. */
const PASSING = new Set(['BUSY', 'NOT_READY', 'STORAGE_FULL', 'UNAVAILABLE', 'INTERNAL', 'RATE_LIMITED', 'OVERLOADED', 'BODY_TOO_SLOW', 'HTTP_408', 'HTTP_429', 'HTTP_500']);

/** Whether sending the same again later, with the same client key, is right. */
export function isPassing(problem: Problem): boolean {
  return isOffline(problem) || PASSING.has(problem.code);
}
