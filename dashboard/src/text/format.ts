// Numbers, names and times in the reader's language and the district's time zone.
import { language, type Language } from './language.svelte';

export interface LocalText {
  language: string;
  text: string;
}

/** The name in the reader's language, else in any. */
export function localName(names: readonly LocalText[] | null | undefined, wanted: Language = language.current): string {
  if (!names || names.length === 0) return '';
  const prefix = wanted.slice(0, 2);
  return (names.find((name) => name.language.startsWith(prefix)) ?? names[0])?.text ?? '';
}

/** English as the reader's browser has it (days before months, 24 hours); Chinese as it is written here. */
function locale(): string {
  if (language.current !== 'en') return language.current;
  return navigator.languages.find((preferred) => preferred.toLowerCase().startsWith('en')) ?? 'en';
}

export function formatNumber(value: number, digits = 0): string {
  return new Intl.NumberFormat(language.current, { maximumFractionDigits: digits }).format(value);
}

/** With that many decimals, also where they are noughts: the numbers of a column stand below each other. */
export function formatFixed(value: number, digits: number): string {
  return new Intl.NumberFormat(language.current, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** An area in hectares, for a column of them. */
export function formatHectares(area_m2: number): string {
  return `${formatFixed(area_m2 / 10_000, 1)} ha`;
}

/** An area in the unit a reader can picture: m² below a hectare, ha below a km². */
export function formatArea(area_m2: number): string {
  if (area_m2 < 10_000) return `${formatNumber(area_m2)} m²`;
  if (area_m2 < 1_000_000) return `${formatNumber(area_m2 / 10_000, 1)} ha`;
  return `${formatNumber(area_m2 / 1_000_000, 2)} km²`;
}

export function formatDistance(distance_m: number): string {
  if (distance_m < 1_000) return `${formatNumber(distance_m, distance_m < 10 ? 1 : 0)} m`;
  return `${formatNumber(distance_m / 1_000, 1)} km`;
}

export function formatTime(instant: string, timeZone: string): string {
  const at = new Date(instant);
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const written = new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(at);
  return own === timeZone ? written : `${written} ${zoneName(at, timeZone)}`;
}

/** The zone, for a reader who lives in another one: "GMT+8". */
function zoneName(at: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat(locale(), { timeZone, timeZoneName: 'shortOffset' }).formatToParts(at);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
}

export function formatDate(instant: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeZone }).format(new Date(instant));
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** "in 3 hours", "2 days ago": the largest unit of which there is at least one. */
export function formatRelative(instant: string | number, now_ms: number, style: 'long' | 'narrow' = 'long'): string {
  const difference_ms = (typeof instant === 'number' ? instant : Date.parse(instant)) - now_ms;
  const relative = new Intl.RelativeTimeFormat(language.current, { numeric: style === 'long' ? 'auto' : 'always', style });
  for (const [unit, unit_ms] of STEPS) {
    if (Math.abs(difference_ms) >= unit_ms) return relative.format(Math.trunc(difference_ms / unit_ms), unit);
  }
  return relative.format(0, 'second');
}

/** "3 hours": the largest unit of which there is at least one. */
export function formatDuration(duration_ms: number, style: 'long' | 'narrow' = 'long'): string {
  const [unit, unit_ms] = STEPS.find(([, step_ms]) => duration_ms >= step_ms) ?? (['second', 1_000] as const);
  return new Intl.NumberFormat(language.current, { style: 'unit', unit, unitDisplay: style }).format(Math.trunc(duration_ms / unit_ms));
}

/** Short facts in one line, with the comma of the language. Empty ones are left out. */
export function joined(...parts: readonly (string | null | undefined | false)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(language.current === 'en' ? ', ' : '，');
}

export function formatShare(share: number): string {
  return new Intl.NumberFormat(language.current, { style: 'percent', maximumFractionDigits: 0 }).format(share);
}
