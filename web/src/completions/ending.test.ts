import { expect, it } from 'vitest';
import { breakSentence, ending } from './ending';

const ended = (finish_reason: 'stop' | 'length' | 'error' | null) => ({ status: 'done' as const, finish_reason, error: null });

it('says nothing of an answer that is being written', () => {
  expect(ending({ status: 'running', finish_reason: null, error: null })).toBeNull();
});

it('an end by design is plain, a cut warns, a break alarms', () => {
  expect(ending(ended('stop'))?.tone).toBe('plain');
  expect(ending(ended('length'))).toMatchObject({ words: 'cut at the output length', tone: 'warn' });
  expect(ending(ended('error'))?.tone).toBe('danger');
  expect(ending(ended(null))?.words).toBe('ended');
});

it('the sentence of an error is the server’s, and says what to do', () => {
  const error = { code: 'server_restarted', message: 'It was cut.' } as never;
  expect(ending({ ...ended('error'), error })?.sentence).toBe('It was cut.');
  expect(breakSentence(error)).toContain('Retry asks again');
});
