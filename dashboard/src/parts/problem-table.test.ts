import { expect, test } from 'vitest';
import page from '../../../docs/errors.md?raw';
import { overwriteGetLocale } from '../paraglide/runtime.js';
import { NEVER_MET, SENTENCES } from './problem-table';

const codes = [...page.matchAll(/^### `([A-Z0-9_]+)`$/gm)].map(([, code]) => code ?? '');

test('every code that the server answers with has a sentence here, or a reason why nobody meets it here', () => {
  expect(codes.length).toBeGreaterThan(50);
  expect([...Object.keys(SENTENCES), ...Object.keys(NEVER_MET)].sort()).toEqual([...codes].sort());
});

test('the Chinese sentences are Chinese: whole, with their stop, without a word of English', () => {
  overwriteGetLocale(() => 'zh-CN');
  for (const [code, sentence] of Object.entries(SENTENCES)) {
    for (const text of [sentence({}), sentence({ stage: '已结案' })]) {
      expect(text, code).toMatch(/^[\p{Script=Han}0-9 “”（）、，；：。]+。$/u);
    }
  }
});

test('the English sentences are sentences', () => {
  overwriteGetLocale(() => 'en');
  for (const [code, sentence] of Object.entries(SENTENCES)) expect(sentence({}), code).toMatch(/^[A-Z][^{}]+\.$/);
});
