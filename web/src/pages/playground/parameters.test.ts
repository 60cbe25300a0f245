import { describe, expect, it } from 'vitest';
import { advice, fault, fromUnknown, isAdvised, noParameters, presets, toRequest, withPurpose, type NumberName } from './parameters';

it('sends only what was set', () => {
  expect(toRequest(noParameters)).toEqual({});
  expect(toRequest({ ...noParameters, temperature: 0, stop: ['\n'] })).toEqual({ temperature: 0, stop: ['\n'] });
});

it.each([
  ['temperature', -0.1, false],
  ['temperature', 0, true],
  ['temperature', 2, true],
  ['temperature', 2.01, false],
  ['top_p', 0, false],
  ['top_p', 1, true],
  ['max_tokens', 0, true],
  ['max_tokens', 8192, true],
  ['max_tokens', 8193, false],
  ['repetition_penalty', 0, false],
  ['temperature', NaN, false],
] as const)('%s %s may be sent: %s', (name, value, may) => {
  expect(fault(name, value) === null).toBe(may);
});

describe.each(Object.entries(presets))('the purpose %s', (name, preset) => {
  const purpose = name as keyof typeof presets;

  it('starts within what it advises, and within the bounds', () => {
    for (const key of Object.keys(preset.ranges) as NumberName[]) {
      const value = preset.values[key] ?? null;
      expect(value).not.toBeNull();
      expect(isAdvised(purpose, key, value)).toBe(true);
      expect(fault(key, value)).toBeNull();
    }
  });

  it('leaves seed and penalties as they are', () => {
    expect(withPurpose({ ...noParameters, seed: 7 }, purpose).seed).toBe(7);
  });
});

it('says what a purpose advises', () => {
  expect(advice('creative', 'max_tokens')).toBe('500 or more');
  expect(advice('technical', 'temperature')).toBe('0.2–0.5');
  expect(advice('technical', 'seed')).toBeNull();
  expect(isAdvised('technical', 'temperature', 1)).toBe(false);
});

it('reads what was kept, and leaves out what does not fit', () => {
  expect(fromUnknown({ temperature: 9, top_p: 0.5, stop: ['a', 3, ''], other: 1 })).toEqual({
    ...noParameters,
    top_p: 0.5,
    stop: ['a'],
  });
  expect(fromUnknown('nonsense')).toEqual(noParameters);
});
