// How a completion ended, in words: the same in the playground and in the history. Pure.

import type { FinishReason } from '$/api/completions';
import type { Completion } from '$/api/types';

export interface Ending {
  /** A few words. */
  words: string;
  sentence: string;
  tone: 'plain' | 'warn' | 'danger';
}

const endings: Record<FinishReason, Ending> = {
  stop: { words: 'complete', sentence: 'The model came to its end, or to a stop sequence.', tone: 'plain' },
  length: { words: 'cut at the output length', sentence: 'It reached the output length, or the end of the context.', tone: 'warn' },
  session_stopped: { words: 'cut when the session stopped', sentence: 'It was cut when the session stopped.', tone: 'warn' },
  cancelled: { words: 'stopped by hand', sentence: 'Somebody stopped generating, or the client went away.', tone: 'plain' },
  error: { words: 'broke off', sentence: 'It broke off.', tone: 'danger' },
  other: { words: 'ended', sentence: 'The runtime gave a reason of its own.', tone: 'plain' },
};

type Ended = Pick<Completion, 'status' | 'finish_reason' | 'error'>;

/** Null while it is being written. */
export function ending({ status, finish_reason, error }: Ended): Ending | null {
  if (status === 'running') return null;
  const known = endings[finish_reason ?? 'other'];
  return error ? { ...known, sentence: error.message } : known;
}

/** What broke an answer, and what to do. */
export function breakSentence(error: Completion['error']): string {
  if (error?.code === 'server_restarted') return 'The server was restarted while this was being written. What was there is kept; Retry asks again.';
  return error?.message ? `${error.message} Retry asks again.` : 'The answer broke off. Retry asks again.';
}
