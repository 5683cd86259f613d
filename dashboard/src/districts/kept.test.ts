import { expect, test } from 'vitest';
import { keptOf, keptWith, type KeptDistrict } from './kept';

function district(code: string): KeptDistrict {
  return { code, names: [{ language: 'en', text: code }], timeZone: 'Asia/Manila', exercise: false, categories: [{ code: 'light', names: [] }] };
}

test('only what the report form needs is kept', () => {
  const whole = { ...district('a'), bounds: { west: 121 }, categories: [{ code: 'light', names: [], colour: 'RED' }] };
  expect(keptWith([], whole)).toEqual([district('a')]);
});

test('the district that was seen last stands first, once', () => {
  const kept = keptWith(keptWith(keptWith([], district('a')), district('b')), district('a'));
  expect(kept.map(({ code }) => code)).toEqual(['a', 'b']);
  expect(keptOf(kept, null)?.code).toBe('a');
  expect(keptOf(kept, 'b')?.code).toBe('b');
  expect(keptOf(kept, 'nowhere')).toBeNull();
});

test('the district that was not seen for longest goes', () => {
  const codes = Array.from({ length: 9 }, (_, index) => `d${index}`);
  const kept = codes.reduce<KeptDistrict[]>((before, code) => keptWith(before, district(code)), []);
  expect(kept.map(({ code }) => code)).toEqual(codes.slice(1).reverse());
});
