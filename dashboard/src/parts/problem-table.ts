// What each code of docs/errors.md is called in front of a person, in both languages. A test compares it with that page.
//
// The server's own sentence is exact, English, and often meant for a program; here is what a person can do.
import { m } from '../paraglide/messages.js';

/** The values of a problem, by name. */
export type Values = Readonly<Record<string, string>>;

export const SENTENCES: Readonly<Record<string, (values: Values) => string>> = {
  INVALID_POSITION: m.problem_invalid_position,
  INVALID_ACCURACY: m.problem_invalid_accuracy,
  INVALID_TEXT: m.problem_invalid_text,
  UNKNOWN_CATEGORY: m.problem_unknown_category,
  UNKNOWN_LEVEL: m.problem_stale_district,
  UNKNOWN_STAGE: m.problem_stale_district,
  AREA_TOO_LARGE: m.problem_area_too_large,
  INVALID_CLIENT_KEY: m.problem_invalid_client_key,
  CLIENT_KEY_REUSED: m.problem_client_key_reused,
  INVALID_TIME: m.problem_invalid_time,
  INVALID_NUMBER: m.problem_invalid_number,
  INVALID_ID: m.problem_invalid_link,
  VERSION_CONFLICT: m.problem_version_conflict,
  ACTION_NOT_ALLOWED: ({ stage }) => (stage ? m.problem_action_not_allowed_at({ stage }) : m.problem_action_not_allowed()),
  INVALID_CURSOR: m.problem_list_changed,
  INVALID_PAGE_SIZE: m.problem_page_outdated,
  NO_PLAN: m.problem_no_plan,
  GRAPHQL_PARSE_FAILED: m.problem_page_outdated,
  GRAPHQL_VALIDATION_FAILED: m.problem_page_outdated,
  DOCUMENT_REFUSED: m.problem_page_outdated,
  BAD_REQUEST: m.problem_page_outdated,
  NOT_ACCEPTABLE: m.problem_page_outdated,
  UNSUPPORTED_MEDIA_TYPE: m.problem_page_outdated,
  METHOD_NOT_ALLOWED: m.problem_page_outdated,
  UNAUTHENTICATED: m.sign_in_expired,
  FORBIDDEN: m.problem_forbidden,
  NOT_FOUND: m.problem_not_found,
  BUSY: m.problem_busy,
  NOT_READY: m.problem_busy,
  STORAGE_FULL: m.problem_busy,
  UNAVAILABLE: m.problem_busy,
  TOO_MANY_SOCKETS: m.problem_too_many,
  RATE_LIMITED: m.problem_too_many,
  OVERLOADED: m.problem_busy,
  BODY_TOO_SLOW: m.problem_busy,
  DOCUMENT_NOT_LISTED: m.problem_page_outdated,
  INTROSPECTION_REFUSED: m.problem_page_outdated,
  INTERNAL: m.problem_internal,
  FOREIGN_ORIGIN: m.problem_foreign_origin,
  BODY_TOO_LARGE: m.problem_body_too_large,
};

const NO_FILES = 'files are imported on the command line; this page takes none';
const NO_BOXES = 'this page asks by district and cell, never by a box';

/** Codes that this page cannot meet, each with the reason. */
export const NEVER_MET: Readonly<Record<string, string>> = {
  GAP: NO_FILES,
  OVERLAP: NO_FILES,
  SLIVER: NO_FILES,
  T_JUNCTION: NO_FILES,
  SELF_INTERSECTION: NO_FILES,
  RING_OPEN: NO_FILES,
  RING_TOO_SHORT: NO_FILES,
  ZERO_AREA: NO_FILES,
  HOLE_OUTSIDE: NO_FILES,
  DUPLICATE_POSITION: NO_FILES,
  ROUNDING_CHANGED: NO_FILES,
  DATUM_SUSPECTED: NO_FILES,
  COORD_RANGE: NO_FILES,
  COORD_TYPE: NO_FILES,
  DUPLICATE_ID: NO_FILES,
  DUPLICATE_KEY: NO_FILES,
  DEPTH: NO_FILES,
  NOT_GEOJSON: NO_FILES,
  BAD_FORMAT: NO_FILES,
  GEOMETRY_TYPE: NO_FILES,
  NULL_GEOMETRY: NO_FILES,
  CRS: NO_FILES,
  THIRD_DIMENSION: NO_FILES,
  PARENT_MISMATCH: NO_FILES,
  TOO_MANY_CROSSINGS: NO_FILES,
  TOO_LARGE: NO_FILES,
  ENCODING: NO_FILES,
  UNREADABLE: NO_FILES,
  MISSING_FIELD: NO_FILES,
  BAD_VALUE: NO_FILES,
  EXTENT: NO_FILES,
  INVALID_BOUNDS: NO_BOXES,
};
