// What a report form needs of a district, kept in this browser: a page that opens without a connection can still take one.
//
// Names and categories only, which anybody may read: nothing of cells, households, incidents, or of who is signed in.
import type { LocalText } from '../text/format';

export interface KeptDistrict {
  code: string;
  names: readonly LocalText[];
  timeZone: string;
  exercise: boolean;
  categories: readonly { code: string; names: readonly LocalText[] }[];
}

const STORAGE_KEY = 'gridward.districts';
const KEPT_AT_MOST = 8;

/** The part of a district that is kept. */
export function partToKeep({ code, names, timeZone, exercise, categories }: KeptDistrict): KeptDistrict {
  return { code, names, timeZone, exercise, categories: categories.map((category) => ({ code: category.code, names: category.names })) };
}

/** What is kept once `district` has been seen last; the one that was not seen for longest goes when there are too many. */
export function keptWith(kept: readonly KeptDistrict[], district: KeptDistrict): KeptDistrict[] {
  return [partToKeep(district), ...kept.filter((other) => other.code !== district.code)].slice(0, KEPT_AT_MOST);
}

/** The district of this code, or the one that was seen last. */
export function keptOf(kept: readonly KeptDistrict[], code: string | null): KeptDistrict | null {
  return (code === null ? kept[0] : kept.find((district) => district.code === code)) ?? null;
}

export function readKept(): KeptDistrict[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '[]');
    return Array.isArray(stored) ? (stored as KeptDistrict[]).filter((district) => Array.isArray(district?.categories)) : [];
  } catch {
    return [];
  }
}

export function writeKept(kept: readonly KeptDistrict[]): void {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(kept));
  } catch {
    // A private window keeps nothing; the form then needs a connection once.
  }
}
