import { expect, test } from 'vitest';
import { uuidv7 } from './uuid';

test('the example of RFC 9562 comes out bit for bit', () => {
  const random = new Uint8Array([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
  expect(uuidv7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
});

test('a later key sorts after an earlier one', () => {
  expect(uuidv7(2_000) > uuidv7(1_000)).toBe(true);
});

test('two keys of the same millisecond differ', () => {
  expect(uuidv7(1_000)).not.toBe(uuidv7(1_000));
});
