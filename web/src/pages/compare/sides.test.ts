import { expect, it } from 'vitest';
import { isTurned } from './sides';

it('sides fall evenly, and the same way again', () => {
  for (const seed of [1, 77, 4_000_000_000]) {
    const turned = Array.from({ length: 1_000 }, (_, row) => isTurned(seed, row));
    const share = turned.filter(Boolean).length;
    expect(share).toBeGreaterThan(430);
    expect(share).toBeLessThan(570);
    expect(turned).toEqual(Array.from({ length: 1_000 }, (_, row) => isTurned(seed, row)));
  }
});
