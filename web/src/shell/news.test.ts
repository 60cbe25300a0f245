import { describe, expect, it } from 'vitest';
import type { Session } from '$/api/types';
import { isEndingSoon, newsOf } from './news';

const start = Date.parse('2026-05-01T12:00:00Z');
const at = (seconds: number) => new Date(start + seconds * 1_000).toISOString();

const session = (change: Partial<Session> = {}) =>
  ({
    status: 'running',
    model: { name: 'demo', version: 'final' },
    running_at: at(0),
    stops_at: at(3_600),
    stopping: false,
    reason: null,
    ...change,
  }) as Session;

describe('newsOf', () => {
  it('tells of ready and failed, once', () => {
    const initializing = session({ status: 'initializing' });
    expect(newsOf(initializing, session())?.kind).toBe('ready');
    expect(newsOf(session(), session({ status: 'failed' }))?.kind).toBe('failed');
    expect(newsOf(session(), session())).toBeNull();
  });

  it('says nothing of what was not known before, nor of a stop', () => {
    expect(newsOf(undefined, session())).toBeNull();
    expect(newsOf(session(), session({ status: 'stopped' }))).toBeNull();
  });
});

describe('isEndingSoon', () => {
  it('begins five minutes before the end', () => {
    expect(isEndingSoon(session(), start + 3_299_000)).toBe(false);
    expect(isEndingSoon(session(), start + 3_301_000)).toBe(true);
    expect(isEndingSoon(session(), start + 3_600_000)).toBe(false);
  });

  it('is the last fifth of a short session', () => {
    const short = session({ stops_at: at(100) });
    expect(isEndingSoon(short, start + 79_000)).toBe(false);
    expect(isEndingSoon(short, start + 81_000)).toBe(true);
  });

  it('is over once it is stopping', () => {
    expect(isEndingSoon(session({ stopping: true }), start + 3_400_000)).toBe(false);
  });
});
