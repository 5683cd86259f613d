import { expect, test } from 'vitest';
import { grouped } from './group';

function household(title: string, cell: string) {
  return { kind: 'HOUSEHOLD', title, detail: null, node: { __typename: 'Household', cell: { code: cell } } };
}

test('households at one address are one line that says how many they are', () => {
  const hits = [household('Renmin Road 5', 'a'), household('Renmin Road 5', 'a'), household('Renmin Road 7', 'a')];
  expect(grouped(hits).map(({ hit, count }) => [hit.title, count])).toEqual([['Renmin Road 5', 2], ['Renmin Road 7', 1]]);
});

test('an address in another cell, or of another kind, is a line of its own', () => {
  const building = { kind: 'BUILDING', title: 'Renmin Road 5', detail: null, node: { __typename: 'Building' } };
  expect(grouped([building, household('Renmin Road 5', 'a'), household('Renmin Road 5', 'b')])).toHaveLength(3);
});

test('two incidents that read the same stay two', () => {
  const incident = { kind: 'INCIDENT', title: 'Lamp out', detail: 'street-light', node: { __typename: 'Incident' } };
  expect(grouped([incident, incident])).toHaveLength(2);
});
