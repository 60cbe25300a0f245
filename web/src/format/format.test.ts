import { describe, expect, it } from 'vitest';
import { countdown, duration, milliseconds } from './duration';
import { bytes, compact, percent, plural } from './number';
import { relative } from './time';

const space = (text: string) => text.replaceAll('\u00a0', ' ');

describe('durations', () => {
  it('a countdown rounds up, so that it reads 0:00 only when time is up', () => {
    expect(countdown(0.4)).toBe('0:01');
    expect(countdown(0)).toBe('0:00');
    expect(countdown(-5)).toBe('0:00');
    expect(countdown(2467)).toBe('41:07');
    expect(countdown(3723)).toBe('1:02:03');
  });

  it('a sentence names only the units that count', () => {
    expect(space(duration(45))).toBe('45 s');
    expect(space(duration(600))).toBe('10 min');
    expect(space(duration(5400))).toBe('1 h 30 min');
    expect(space(duration(0))).toBe('0 s');
  });

  it('a measurement chooses its unit', () => {
    expect(space(milliseconds(61.4))).toBe('61 ms');
    expect(space(milliseconds(1234))).toBe('1.2 s');
    expect(space(milliseconds(125_000))).toBe('2 min 5 s');
  });
});

describe('numbers', () => {
  it('bytes step by thousands', () => {
    expect(space(bytes(0))).toBe('0 B');
    expect(space(bytes(2_422_560))).toBe('2.4 MB');
    expect(space(bytes(999_600))).toBe('1 MB');
    expect(space(bytes(5_200_000_000))).toBe('5.2 GB');
  });

  it('large counts are shortened, small ones are exact', () => {
    expect(compact(999)).toBe('999');
    expect(compact(8_100)).toBe('8.1K');
  });

  it('loading is 100 % only at the end', () => {
    expect(space(percent(0.999))).toBe('99 %');
    expect(space(percent(1))).toBe('100 %');
  });

  it('one is not many', () => {
    expect(plural(1, 'session')).toBe('1 session');
    expect(plural(2, 'session')).toBe('2 sessions');
  });
});

describe('instants', () => {
  const now = Date.parse('2026-05-04T12:00:00Z');
  it.each([
    ['2026-05-04T11:59:50Z', 'just now'],
    ['2026-05-04T11:55:00Z', '5 min. ago'],
    ['2026-05-04T14:00:00Z', 'in 2 hr.'],
    ['2026-05-03T12:00:00Z', 'yesterday'],
  ])('%s is %s', (at, text) => {
    expect(relative(at, now)).toBe(text);
  });
});
