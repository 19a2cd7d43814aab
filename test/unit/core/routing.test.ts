import { expect, test } from 'vitest';
import { joinedSet, partsOfSet, servicesOfSet } from '../../../src/core/routing.ts';

test('a set says by its name whose members it holds', () => {
  const sets = ['web', 'web@3f9c1a2', 'api+web@3f9c1a2', ''];
  expect(sets.map(servicesOfSet)).toEqual([['web'], ['web'], ['api', 'web'], []]);
  expect(sets.map((each) => joinedSet(partsOfSet(each)))).toEqual(sets);
});
