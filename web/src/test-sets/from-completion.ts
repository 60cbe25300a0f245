// Whether an exchange can become a case. Pure.

import type { Completion } from '$/api/types';

/** Null where it can; else why not. */
export function caseRefusal(completion: Pick<Completion, 'status' | 'request'>): string | null {
  if (completion.status === 'running') return 'It is still being written';
  const { messages } = completion.request as { messages?: unknown };
  return Array.isArray(messages) && messages.length > 0 ? null : 'It goes on with a text: a case is a conversation';
}

export const canBeCase = (completion: Pick<Completion, 'status' | 'request'>): boolean => caseRefusal(completion) === null;
