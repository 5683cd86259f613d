// Whose a waiting report is. A browser may be shared: a report is shown to, and sent for, its own sender only.

import { fnv1a } from '../text/hash';

export interface Sender {
  /** The role and name that the server knows; empty for the public; `UNKNOWN` until the server has said. */
  name: string;
  /** Tells one token from another without giving it away; empty for the public. */
  mark: string;
}

/** A token is there, but the server has not said yet whose it is. */
export const UNKNOWN = '?';

export function senderOf(token: string | null, viewer: { role: string; name: string | null } | null): Sender {
  if (token === null) return { name: '', mark: '' };
  return { name: viewer === null ? UNKNOWN : `${viewer.role} ${viewer.name ?? ''}`, mark: markOf(token) };
}

/** The same token, which needs no server to be known again, or the same person with another token. */
export function isOwn(report: { sender: string; mark: string }, now: Sender): boolean {
  return report.mark === now.mark || (now.name !== UNKNOWN && report.sender === now.name);
}

/** 32 bits of FNV-1a: enough to tell the tokens of one browser apart, far too few to find a token by. */
function markOf(token: string): string {
  return fnv1a(token).toString(16).padStart(8, '0');
}
