import { expect, it } from 'vitest';
import { freeName } from './names';

it('a name that is taken gets a number before its ending', () => {
  const taken = new Set(['cases.csv', 'cases 2.csv', 'a.b/notes', '.env']);
  expect(freeName('other.csv', taken)).toBe('other.csv');
  expect(freeName('cases.csv', taken)).toBe('cases 3.csv');
  expect(freeName('a.b/notes', taken)).toBe('a.b/notes 2');
  expect(freeName('.env', taken)).toBe('.env 2');
});
