import { expect, it } from 'vitest';
import { signTest } from './sign-test';

it('is the binomial tail, twice', () => {
  expect(signTest(0, 0)).toBeNull();
  expect(signTest(5, 5)).toBe(1);
  expect(signTest(0, 5)).toBeCloseTo(2 / 32, 12);
  expect(signTest(8, 2)).toBeCloseTo((2 * (1 + 10 + 45)) / 1024, 12);
  expect(signTest(900, 100)).toBeLessThan(1e-100);
});
