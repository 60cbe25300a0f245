import { expect, it } from 'vitest';
import type { TimelineEntry } from '$/api/types';
import { transitions } from './transitions';

const entry = (at: string, from: TimelineEntry['from'], to: TimelineEntry['to'], status: TimelineEntry['status'], actor = 'system') =>
  ({ at, from, to, phase: to, status, actor, reason: null }) as TimelineEntry;

const reason = { code: 'user', message: 'stopped by hand', details: {} } as TimelineEntry['reason'];

it('gives a reason once', () => {
  const lines = transitions(
    [
      { ...entry('2026-01-01T00:00:00Z', 'running', 'draining', 'running'), reason },
      { ...entry('2026-01-01T00:00:01Z', 'draining', 'ended', 'stopped'), reason },
    ],
    null,
  );
  expect(lines.map((line) => line.reason?.code ?? null)).toEqual([null, 'user']);
});

it('says what, by whom, and for how long', () => {
  const lines = transitions(
    [
      entry('2026-01-01T00:00:00Z', null, 'queued', 'initializing', 'usr_me'),
      entry('2026-01-01T00:00:02Z', 'queued', 'preparing', 'initializing'),
      entry('2026-01-01T00:00:02.5Z', 'preparing', 'draining', 'running', 'usr_other'),
      entry('2026-01-01T00:00:03Z', 'draining', 'ended', 'failed', 'shim'),
    ],
    'usr_me',
  );
  expect(lines.map((line) => [line.word, line.tone, line.actor, line.stayed])).toEqual([
    ['Created', 'initializing', 'you', 2],
    ['Preparing', 'initializing', 'Viva', 0.5],
    ['Stopping', 'stopping', 'usr_other', 0.5],
    ['Failed', 'failed', "the session's supervisor", null],
  ]);
});
