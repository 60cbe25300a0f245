import { expect, it } from 'vitest';
import { nearest, ticks, timeTicks } from './scale';

it.each([
  [100, [0, 50, 100]],
  [7, [0, 5, 10]],
  [0.9, [0, 0.5, 1]],
  [0, [0, 1]],
  [101, [0, 50, 100, 150]],
])('an axis up to %d', (most, expected) => {
  expect(ticks(most)).toEqual(expected);
});

it('an axis covers its greatest value', () => {
  for (let most = 0.013; most < 1e10; most *= 1.7) expect(ticks(most).at(-1)).toBeGreaterThanOrEqual(most);
});

it('instants are whole and not too many', () => {
  const from = Date.UTC(2026, 0, 1, 10, 3, 27);
  const marks = timeTicks(from, from + 3_600_000, 5);
  expect(marks.length).toBeLessThanOrEqual(5);
  expect(marks.every((at) => at % 60_000 === 0)).toBe(true);
});

it('finds the nearest', () => {
  expect([-5, 4, 6, 14, 16, 99].map((x) => nearest([0, 10, 20], x))).toEqual([0, 0, 1, 1, 2, 2]);
  expect(nearest([], 3)).toBe(-1);
});
