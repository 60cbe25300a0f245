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
    expect(newsOf(initializing, session(), start)?.kind).toBe('ready');
    expect(newsOf(session(), session({ status: 'failed' }), start)?.kind).toBe('failed');
    expect(newsOf(session(), session(), start)).toBeNull();
  });

  it('tells of what was not known before while it is fresh', () => {
    const failed = session({ status: 'failed', ended_at: at(10) });
    expect(newsOf(undefined, failed, start + 11_000)?.kind).toBe('failed');
    expect(newsOf(undefined, failed, start + 90_000)).toBeNull();
    expect(newsOf(undefined, session(), start + 1_000)?.kind).toBe('ready');
    expect(newsOf(undefined, session(), start + 90_000)).toBeNull();
    expect(newsOf(undefined, session({ status: 'initializing' }), start)).toBeNull();
  });

  it('says nothing of a stop', () => {
    expect(newsOf(session(), session({ status: 'stopped' }), start)).toBeNull();
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
