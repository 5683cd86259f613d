import { expect, test } from 'vitest';
import { grouped, shared } from './group';

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

test('cells of one name leave room for the road and the incidents of that name', () => {
  const line = (kind: string, title: string) => ({ hit: { kind, title }, count: 1 });
  const groups = [
    ...['one', 'two', 'three', 'four'].map((title) => line('CELL', title)),
    line('ROAD', 'Renmin Road'),
    ...['five', 'six', 'seven'].map((title) => line('INCIDENT', title)),
  ];
  expect(shared(groups, 5).map(({ hit }) => hit.title)).toEqual(['one', 'two', 'Renmin Road', 'five', 'six']);
  expect(shared(groups, 12)).toEqual(groups);
  expect(shared(groups.slice(0, 4), 3).map(({ hit }) => hit.title)).toEqual(['one', 'two', 'three']);
});
