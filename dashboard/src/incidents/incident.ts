// What the page works out about an incident from its own fields and the time. Pure.
import type { Colour } from '../map/palette';
import { fnv1a } from '../text/hash';
import type { Mark } from '../map/symbols';

export interface Timed {
  dueAt: string | null;
}

export const DUE_WITHIN_MS = 24 * 3_600_000;

export function isOverdue(incident: Timed, now_ms: number): boolean {
  return incident.dueAt !== null && Date.parse(incident.dueAt) < now_ms;
}

/** To be cleared within the next 24 hours, and not late yet. */
export function isDue(incident: Timed, now_ms: number): boolean {
  if (incident.dueAt === null) return false;
  const left_ms = Date.parse(incident.dueAt) - now_ms;
  return left_ms >= 0 && left_ms <= DUE_WITHIN_MS;
}

/** Five digits that tell apart what reads the same, alike wherever the incident is shown. Not unique: the id is. */
export function numberOf(id: string): string {
  return String(fnv1a(id) % 100_000).padStart(5, '0');
}

/** What is most pressing first: by due time; what has none comes last, the newest of it first. */
export function byUrgency<Incident extends Timed & { reportedAt: string }>(first: Incident, second: Incident): number {
  if (first.dueAt !== null && second.dueAt !== null) return Date.parse(first.dueAt) - Date.parse(second.dueAt);
  if (first.dueAt !== null) return -1;
  if (second.dueAt !== null) return 1;
  return Date.parse(second.reportedAt) - Date.parse(first.reportedAt);
}

/** The closed ones, the last closed first. */
export function lastClosed<Incident extends { closedAt: string | null }>(incidents: readonly Incident[]): Incident[] {
  const closed = incidents.filter(({ closedAt }) => closedAt !== null);
  return closed.sort((first, second) => Date.parse(second.closedAt ?? '') - Date.parse(first.closedAt ?? ''));
}

/** Stages are data: whatever comes after the first means that somebody has it in hand. */
export function markOf(incident: Timed & { colour: Colour; stage: { key: string } }, firstStage: string | null, now_ms: number): Mark {
  return { colour: incident.colour, dispatched: incident.stage.key !== firstStage, overdue: isOverdue(incident, now_ms) };
}
