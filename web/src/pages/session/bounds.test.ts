import { expect, it } from 'vitest';
import { countedBounds, warningSeconds } from './bounds';

const usage = { interactions: 23, prompt_tokens: 300, completion_tokens: 200 };

it('counts against the smallest limit of a kind, whoever set it', () => {
  const limits = [
    { kind: 'max_interactions', value: 50, source: 'session' },
    { kind: 'max_interactions', value: 25, source: 'model' },
    { kind: 'after_seconds', value: 3600, source: 'default' },
  ] as const;
  expect(countedBounds({ limits: [...limits], usage })).toEqual([
    { kind: 'max_interactions', used: 23, most: 25, isNear: true },
  ]);
});

it('warns five minutes before the end, of a short session in its last fifth', () => {
  const until = (minutes: number) =>
    warningSeconds({ running_at: '2026-01-01T00:00:00Z', stops_at: new Date(Date.UTC(2026, 0, 1, 0, minutes)).toISOString() });
  expect(until(60)).toBe(300);
  expect(until(5)).toBe(60);
  expect(warningSeconds({ running_at: null, stops_at: null })).toBe(0);
});
