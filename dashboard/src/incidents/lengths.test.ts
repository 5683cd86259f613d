import { buildSchema, isInputObjectType } from 'graphql';
import { expect, test } from 'vitest';
import sdl from '../../../frontend-schema/schema.graphql?raw';
import { MAX_NOTE_CHARACTERS, MAX_TEXT_CHARACTERS } from './lengths';

const schema = buildSchema(sdl);

function allowed(input: string, field: string): number {
  const type = schema.getType(input);
  const description = isInputObjectType(type) ? type.getFields()[field]?.description : undefined;
  return Number(description?.match(/(\d+) characters/)?.[1]);
}

test('the forms take texts as long as the server does', () => {
  expect(allowed('ReportIncidentInput', 'text')).toBe(MAX_TEXT_CHARACTERS);
  expect(allowed('DispatchInput', 'note')).toBe(MAX_NOTE_CHARACTERS);
  expect(allowed('CloseInput', 'note')).toBe(MAX_NOTE_CHARACTERS);
});
