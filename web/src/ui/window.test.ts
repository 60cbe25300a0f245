import { expect, it } from 'vitest';
import { offsets, visible } from './window';

const even = offsets(10_000, 40, () => null);

it('draws what is seen and a little more', () => {
  expect(visible(even, 4_000, 4_800, 80)).toEqual({ start: 98, end: 122, before: 3_920, after: 400_000 - 4_880 });
});

it('begins at the top and ends at the bottom', () => {
  expect(visible(even, -500, 100, 0)).toMatchObject({ start: 0, before: 0 });
  expect(visible(even, 399_900, 400_700, 0)).toMatchObject({ end: 10_000, after: 0 });
});

it('what lies before, what is drawn and what lies after make the whole, wherever one looks', () => {
  const uneven = offsets(300, 40, (index) => (index % 3 === 0 ? 20 + (index % 7) * 30 : null));
  for (let top = -100; top < uneven[300]! + 200; top += 37) {
    const { start, end, before, after } = visible(uneven, top, top + 500, 100);
    expect(start).toBeLessThanOrEqual(end);
    expect(before + (uneven[end]! - uneven[start]!) + after).toBe(uneven[300]);
  }
});

it('an empty list draws nothing', () => {
  expect(visible(offsets(0, 40, () => null), 0, 500, 100)).toEqual({ start: 0, end: 0, before: 0, after: 0 });
});
