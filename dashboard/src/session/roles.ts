// Roles in the reader's language.
import { m } from '../paraglide/messages.js';

export type Role = 'PUBLIC' | 'OBSERVER' | 'WORKER' | 'HEAD' | 'DISPATCHER' | 'PLANNER' | 'ADMIN';

export function roleName(role: Role): string {
  const names = {
    PUBLIC: m.role_public,
    OBSERVER: m.role_observer,
    WORKER: m.role_worker,
    HEAD: m.role_head,
    DISPATCHER: m.role_dispatcher,
    PLANNER: m.role_planner,
    ADMIN: m.role_admin,
  };
  return names[role]();
}

/** Who may read households, as the server's rule table has it: to others the list is not offered. */
const READS_HOUSEHOLDS: readonly Role[] = ['ADMIN', 'PLANNER', 'HEAD', 'WORKER'];

export function mayReadHouseholds(role: Role): boolean {
  return READS_HOUSEHOLDS.includes(role);
}

export type PostingRole = 'HEAD' | 'WORKER' | 'SUPERVISOR' | 'COMMANDER' | 'INFORMANT' | 'VOLUNTEER' | 'DEPARTMENT_OFFICER' | 'SUBSTITUTE';

export function postingName(role: PostingRole): string {
  const names = {
    HEAD: m.posting_head,
    WORKER: m.posting_worker,
    SUPERVISOR: m.posting_supervisor,
    COMMANDER: m.posting_commander,
    INFORMANT: m.posting_informant,
    VOLUNTEER: m.posting_volunteer,
    DEPARTMENT_OFFICER: m.posting_department_officer,
    SUBSTITUTE: m.posting_substitute,
  };
  return names[role]();
}
