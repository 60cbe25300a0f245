import { describe, expect, it } from 'vitest';
import type { Limit, Session } from '$/api/types';
import { draftLike, empty, gapsOf, isEmpty, localText, requestOf, stepOf } from './draft';
import { ranked } from './ranked';

const noon = Date.parse('2026-05-01T12:00:00Z');

const session = (stop: Partial<Session['stop']>) =>
  ({
    name: 'night run',
    description: null,
    model: { id: 'mdl_1' },
    stop: { after_seconds: null, at: null, max_interactions: null, idle_seconds: null, max_tokens: null, ...stop },
    engine: { context_length: 1024, parallel: 4 },
  }) as unknown as Session;

describe('requestOf', () => {
  it('leaves the name to the server where none is typed', () => {
    expect(requestOf({ ...empty, name: '  ' }).name).toBeNull();
  });

  it('asks for no time unless one is given', () => {
    const draft = { ...empty, afterSeconds: 90, at: '2026-05-01T12:00' };
    expect(requestOf(draft).stop).toMatchObject({ after_seconds: null, at: null });
    expect(requestOf({ ...draft, time: 'duration' }).stop).toMatchObject({ after_seconds: 90, at: null });
  });

  it('sends a time of day as an instant', () => {
    const draft = { ...empty, time: 'wall_clock' as const, at: localText(noon) };
    expect(requestOf(draft).stop?.at).toBe('2026-05-01T12:00:00.000Z');
  });
});

describe('gapsOf', () => {
  it('names what is missing', () => {
    expect(Object.keys(gapsOf(empty))).toEqual(['model']);
    expect(Object.keys(gapsOf({ ...empty, model: 'm', time: 'duration' }))).toEqual(['stop.after_seconds']);
    expect(Object.keys(gapsOf({ ...empty, model: 'm', time: 'wall_clock', at: 'soon' }))).toEqual(['stop.at']);
  });
});

describe('draftLike', () => {
  it('takes all but the name', () => {
    const draft = draftLike(session({ after_seconds: 90, max_tokens: 5 }), noon);
    expect(draft).toMatchObject({ name: '', model: 'mdl_1', time: 'duration', afterSeconds: 90, tokens: 5, contextLength: 1024 });
  });

  it('drops a time of day that has passed, and takes the context asked for', () => {
    expect(draftLike(session({ at: '2026-05-01T11:00:00Z' }), noon)).toMatchObject({ time: 'default', at: '' });
    expect(draftLike(session({ at: '2026-05-01T13:00:00Z' }), noon, 512)).toMatchObject({ time: 'wall_clock', contextLength: 512 });
  });

  it('is not empty', () => {
    expect(isEmpty(draftLike(session({}), noon))).toBe(false);
    expect(isEmpty({ ...empty })).toBe(true);
  });
});

describe('stepOf', () => {
  it('finds the step of a field', () => {
    expect(['description', 'model', 'stop.at', 'engine.parallel', 'x'].map(stepOf)).toEqual(['name', 'model', 'stop', 'stop', null]);
  });
});

describe('ranked', () => {
  const limit = (kind: Limit['kind'], value: Limit['value'], source: Limit['source']): Limit => ({ kind, value, source });

  it('lets the earliest time decide, be it a length or a time of day', () => {
    const limits = [
      limit('after_seconds', 86_400, 'operator'),
      limit('at', '2026-05-01T12:30:00Z', 'session'),
      limit('after_seconds', 3_600, 'model'),
      limit('max_tokens', 10, 'session'),
      limit('max_tokens', 5, 'model'),
    ];
    expect(ranked(limits, noon).map(({ limit: { kind, source }, isDeciding }) => [kind, source, isDeciding])).toEqual([
      ['at', 'session', true],
      ['max_tokens', 'model', true],
      ['after_seconds', 'model', false],
      ['after_seconds', 'operator', false],
      ['max_tokens', 'session', false],
    ]);
  });
});
