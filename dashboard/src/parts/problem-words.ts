// The sentence for a problem. The server's own is exact and in English; in Chinese the common ones are said by code.
import { STREAM_CLOSED, UNAUTHENTICATED, isOffline, type Problem } from '../graphql/problem';
import { m } from '../paraglide/messages.js';
import { language } from '../text/language.svelte';

/** Codes of docs/errors.md that people meet in this page. */
const SAID_IN_CHINESE: Record<string, () => string> = {
  VERSION_CONFLICT: m.problem_version_conflict,
  ACTION_NOT_ALLOWED: m.problem_action_not_allowed,
  FORBIDDEN: m.problem_forbidden,
  NOT_FOUND: m.problem_not_found,
  INVALID_TEXT: m.problem_invalid_text,
  INVALID_POSITION: m.problem_invalid_position,
  INVALID_ACCURACY: m.problem_invalid_accuracy,
  UNKNOWN_CATEGORY: m.problem_unknown_category,
  CLIENT_KEY_REUSED: m.problem_client_key_reused,
  RATE_LIMITED: m.problem_rate_limited,
  NO_PLAN: m.no_plan,
};

export function sentenceOf(problem: Problem): string {
  if (isOffline(problem) || problem.code === STREAM_CLOSED) return m.problem_offline();
  if (problem.code === UNAUTHENTICATED) return m.sign_in_expired();
  const said = language.current === 'zh-CN' ? SAID_IN_CHINESE[problem.code] : undefined;
  return said?.() ?? problem.message;
}
