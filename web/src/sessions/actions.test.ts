import { describe, expect, it } from 'vitest';
import type { Session } from '$/api/types';
import { statusText, stopReason } from '$/ui/status';
import { endpointRefusal, extendRefusal, likeThisPath, stopRefusal } from './actions';
import { limitValue, reasonFigures, reasonText } from './figures';
import { endAt } from './limits';

function session(changes: Partial<Session>): Session {
  return {
    id: 'ses_1',
    name: 'refund-bot',
    status: 'running',
    phase: 'running',
    progress: null,
    queue_position: null,
    stopping: false,
    reason: null,
    stop: { after_seconds: 3600, at: null, idle_seconds: null, max_interactions: null, max_tokens: null },
    running_at: '2026-05-04T12:00:00Z',
    created_at: '2026-05-04T11:59:00Z',
    ...changes,
  } as Session;
}

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('what can be done', () => {
  const running = session({});
  const draining = session({ stopping: true, phase: 'draining' });
  const queued = session({ status: 'initializing', phase: 'queued' });
  const stopped = session({ status: 'stopped', phase: 'ended' });

  it('a running session allows everything', () => {
    expect([stopRefusal(running), extendRefusal(running), endpointRefusal(running)]).toEqual([null, null, null]);
  });

  it('one that starts can be stopped, no more', () => {
    expect(stopRefusal(queued)).toBeNull();
    expect(extendRefusal(queued)).not.toBeNull();
    expect(endpointRefusal(queued)).not.toBeNull();
  });

  it.each([draining, stopped])('one that ends or has ended says why nothing applies', (ending) => {
    for (const refusal of [stopRefusal, extendRefusal, endpointRefusal]) expect(refusal(ending)).toMatch(/\w/);
  });

  it('a new session like this one carries what is to change', () => {
    expect(likeThisPath(running, { contextLength: 2048 })).toBe('/new?like=ses_1&context_length=2048');
  });
});

describe('status in words', () => {
  it.each([
    [session({}), 'Running'],
    [session({ stopping: true }), 'Running, stopping'],
    [session({ status: 'initializing', phase: 'queued', queue_position: 2 }), 'Queued, place 2'],
    [session({ status: 'initializing', phase: 'loading', progress: 0.637 }), 'Loading 63 %'],
    [session({ status: 'initializing', phase: 'loading' }), 'Loading'],
    [session({ status: 'failed', phase: 'ended' }), 'Failed'],
  ])('%#: %s', (given, text) => {
    expect(plain(statusText(given))).toBe(text);
  });

  it('only a stopped session says why it stopped', () => {
    const reason = { code: 'time_limit', message: '', details: {} } as Session['reason'];
    expect(stopReason(session({ status: 'stopped', reason }))).toBe('time limit');
    expect(stopReason(session({ status: 'failed', reason }))).toBeNull();
  });
});

describe('extending', () => {
  const end = Date.parse('2026-05-04T13:30:00Z');

  it('counts from Running', () => {
    expect(endAt(session({}), end)).toEqual({ after_seconds: 5400 });
  });

  it('moves a wall-clock stop that would come first', () => {
    const stop = { ...session({}).stop, at: '2026-05-04T13:00:00Z' };
    expect(endAt(session({ stop }), end)).toEqual({ after_seconds: 5400, at: '2026-05-04T13:30:00.000Z' });
  });
});

describe('reasons', () => {
  const reason = {
    code: 'out_of_memory',
    message: 'The model does not fit.',
    details: { memory_needed_bytes: 5_200_000_000, memory_free_bytes: 3_100_000_000, signal: 9, log_tail: ['a', 'b'], hints: ['Try less.'] },
  } as NonNullable<Session['reason']>;

  it('shows the figures that there are', () => {
    expect(reasonFigures(reason).map(({ label, value }) => `${label} ${plain(value)}`)).toEqual([
      'Memory needed 5.2 GB',
      'Memory free 3.1 GB',
      'Signal 9 (killed)',
    ]);
  });

  it('is copied whole', () => {
    const text = reasonText('night run', reason);
    for (const part of ['night run: out_of_memory', 'The model does not fit.', 'Memory needed: 5.2 GB', '- Try less.', 'a\nb']) {
      expect(text).toContain(part);
    }
  });

  it('a limit has its unit', () => {
    expect(plain(limitValue({ kind: 'after_seconds', value: 5400, source: 'session' }))).toBe('1 h 30 min');
    expect(limitValue({ kind: 'max_interactions', value: 25, source: 'session' })).toBe('25 interactions');
  });
});
