import { expect, it } from 'vitest';
import type { Pair } from '$/api/comparisons';
import { chance, differenceText, letter, pText, verdict } from './words';

const pair = (changes: Partial<Pair>) => ({ rows: 40, wins: 20, losses: 2, ties: 18, unpaired: 0, difference: 0.45, p_value: 0.0001, ...changes }) as Pair;

it('says who is ahead and whether that means anything', () => {
  expect(verdict(pair({}), 'B', 'A')).toBe('B is ahead of A by 0.45; very unlikely to be chance.');
  expect(verdict(pair({ difference: -0.05, p_value: 0.4 }), 'B', 'A')).toBe('A is ahead of B by 0.05; no more than chance.');
  expect(verdict(pair({ wins: 0, losses: 0, difference: 0, p_value: 1 }), 'B', 'A')).toBe('The same on every one of 40 rows.');
  expect(verdict(pair({ rows: 0, difference: null }), 'B', 'A')).toBe('No row is scored in both.');
});

it('writes small probabilities as bounds', () => {
  expect([pText(0.0004), pText(0.031), pText(0.5), pText(null)]).toEqual(['p < 0.001', 'p = 0.031', 'p = 0.5', null]);
  expect(chance(0.04)).toBe('unlikely to be chance');
  expect([differenceText(0.42), differenceText(-0.1), letter(1)]).toEqual(['+0.420', '−0.100', 'B']);
});
