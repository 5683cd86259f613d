import { expect, test } from 'vitest';
import { isOwn, senderOf } from './sender';

const aino = { role: 'DISPATCHER', name: 'Aino' };
const bo = { role: 'DISPATCHER', name: 'Bo' };
const nobody = senderOf(null, null);

function check(writer: typeof nobody, reader: typeof nobody, expected: boolean): void {
  expect(isOwn({ sender: writer.name, mark: writer.mark }, reader)).toBe(expected);
}

test('a report is not shown to somebody else who signs in, nor to the public', () => {
  check(senderOf('token of aino', aino), senderOf('token of bo', bo), false);
  check(senderOf('token of aino', aino), nobody, false);
  check(nobody, senderOf('token of bo', bo), false);
});

test('a report written before the server said who it was belongs to that token alone', () => {
  const unknown = senderOf('token of aino', null);
  check(unknown, unknown, true);
  check(unknown, senderOf('token of aino', aino), true);
  check(unknown, senderOf('token of bo', bo), false);
  check(unknown, senderOf('token of bo', null), false);
  check(unknown, nobody, false);
});

test('the sender sees the report again after loading anew without a connection, and with a new token', () => {
  check(senderOf('token of aino', aino), senderOf('token of aino', null), true);
  check(senderOf('token of aino', aino), senderOf('a newer token of aino', aino), true);
  check(nobody, nobody, true);
});

test('the mark does not contain the token', () => {
  expect(senderOf('token of aino', aino).mark).toMatch(/^[0-9a-f]{8}$/);
});
