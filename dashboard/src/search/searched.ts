// What a search looks through, as the server's rule table has it. Pure.
import type { Role } from '../session/roles';

export type Searched = 'PLACES' | 'HOUSEHOLDS' | 'INCIDENTS' | 'NO_INCIDENTS';

const READS_ADDRESSES: readonly Role[] = ['ADMIN', 'HEAD', 'WORKER'];
const READS_TEXTS: readonly Role[] = ['ADMIN', 'DISPATCHER', 'HEAD', 'WORKER'];

/** What is found for this role: by words that somebody may not read, nothing is. */
export function searchedFor(role: Role): Searched[] {
  return ['PLACES', ...(READS_ADDRESSES.includes(role) ? ['HOUSEHOLDS' as const] : []), READS_TEXTS.includes(role) ? 'INCIDENTS' : 'NO_INCIDENTS'];
}
