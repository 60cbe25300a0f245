import { expect, it } from 'vitest';
import { binned, median } from './bins';

it('every value is in one bin', () => {
  for (const values of [[], [0], [0, 1, 1], [0, 0.5, 1], [3, 999, 1000], [0.3, 0.7]]) {
    expect(binned(values).reduce((sum, bin) => sum + bin.count, 0)).toBe(values.length);
  }
});

it('scores from 0 to 1 end with the bin that holds 1', () => {
  const bins = binned([0, 0, 0.3, 1, 1, 1], 1);
  expect(bins.at(-1)).toMatchObject({ to: 1, count: 3 });
  expect(bins[0]).toMatchObject({ from: 0, count: 2 });
});

it('the median lies between the middle ones', () => {
  expect(median([])).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});
