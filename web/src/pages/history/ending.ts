// How a completion ended, and where it came from, in words. Pure.

import type { FinishReason, Origin } from '$/api/completions';
import type { Completion } from '$/api/types';

const short: Record<FinishReason, string> = {
  stop: 'complete',
  length: 'length reached',
  session_stopped: 'session stopped',
  cancelled: 'cancelled',
  error: 'error',
  other: 'other',
};

const long: Record<FinishReason, string> = {
  stop: 'The model came to its end, or to a stop sequence.',
  length: 'It reached the output length, or the end of the context.',
  session_stopped: 'It was cut when the session stopped.',
  cancelled: 'Somebody stopped generating, or the client went away.',
  error: 'It broke off.',
  other: 'The runtime gave a reason of its own.',
};

/** A word or two. */
export function endingWord(completion: Pick<Completion, 'status' | 'finish_reason'>): string {
  if (completion.status === 'running') return 'writing';
  return completion.finish_reason ? short[completion.finish_reason] : 'ended';
}

/** A sentence. */
export function endingSentence(completion: Pick<Completion, 'status' | 'finish_reason' | 'error'>): string {
  if (completion.status === 'running') return 'It is being written.';
  if (completion.error) return completion.error.message;
  return completion.finish_reason ? long[completion.finish_reason] : 'It ended.';
}

export const originWords: Record<Origin, string> = { playground: 'Playground', api: 'API', task: 'Task' };
