// How much is open in a cell, made comparable: a big cell must not look worse only because it is big. Pure.

/** Open incidents per 100 households; where households are unknown or too few to divide by, per hectare. */
export interface Rate {
  value: number;
  per: 'households' | 'hectare';
}

/** Below this many households one incident more or less would turn the colour of the cell. */
export const HOUSEHOLDS_AT_LEAST = 20;

export function openRate(open: number, households: number | null, area_m2: number | null): Rate {
  if (households !== null && households >= HOUSEHOLDS_AT_LEAST) return { value: (open * 100) / households, per: 'households' };
  return { value: area_m2 ? (open * 10_000) / area_m2 : 0, per: 'hectare' };
}

/** Lower ends of the colour steps in incidents per 100 households; one hectare of town holds about as many. */
export const RATE_STEPS = [0, 0.5, 1, 2, 4] as const;

/** Index of the colour step: 0 is nothing open; anything open is at least 1. */
export function rateStep(open: number, rate: Rate): number {
  if (open === 0) return 0;
  let step = 1;
  for (let index = 1; index < RATE_STEPS.length; index++) if (rate.value >= (RATE_STEPS[index] ?? Infinity)) step = index + 1;
  return step;
}
