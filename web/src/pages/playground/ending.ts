// How an answer ended, in words. Pure.

import type { Completion } from '$/api/types';

export interface Ending {
  text: string;
  tone: 'plain' | 'warn' | 'danger';
}

/** Null while it is being written. */
export function ending(completion: Pick<Completion, 'status' | 'finish_reason'>): Ending | null {
  if (completion.status === 'running') return null;
  switch (completion.finish_reason) {
    case 'stop':
      return { text: 'complete', tone: 'plain' };
    case 'length':
      return { text: 'cut at the output length', tone: 'warn' };
    case 'cancelled':
      return { text: 'stopped by you', tone: 'plain' };
    case 'session_stopped':
      return { text: 'cut when the session stopped', tone: 'warn' };
    case 'error':
      return { text: 'broke', tone: 'danger' };
    default:
      return null;
  }
}

/** What broke an answer, and what to do. */
export function breakSentence(error: Completion['error']): string {
  if (error?.code === 'server_restarted') return 'The server was restarted while this was being written. What was there is kept; Retry asks again.';
  return error?.message ? `${error.message} Retry asks again.` : 'The answer broke off. Retry asks again.';
}
