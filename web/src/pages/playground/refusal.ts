// Why nothing can be sent now; writing is always possible. Pure.

import type { Session } from '$/api/types';

interface Situation {
  session: Pick<Session, 'status' | 'stopping'>;
  /** The model renders messages; true while that is not known. */
  takesMessages: boolean;
  /** An answer is being written. */
  isBusy: boolean;
  /** Every parameter is within its bounds. */
  isSendable: boolean;
}

export function sendRefusal({ session, takesMessages, isBusy, isSendable }: Situation): string | null {
  if (!takesMessages) return 'This model has no chat template: it continues plain text, through /v1/completions of the API tab';
  if (session.status === 'initializing') return 'You can write now, and send once it is Running';
  if (session.status !== 'running' || session.stopping) return 'It is stopping: new messages are refused';
  if (isBusy) return 'An answer is being written';
  return isSendable ? null : 'A parameter is out of its bounds';
}
