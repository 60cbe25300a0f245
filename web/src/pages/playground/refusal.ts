// Why nothing can be sent now; writing is always possible. Pure.

import type { Session } from '$/api/types';

interface Situation {
  session: Pick<Session, 'status' | 'stopping'>;
  /** An answer is being written. */
  isBusy: boolean;
  /** Every parameter is within its bounds. */
  isSendable: boolean;
}

export function sendRefusal({ session, isBusy, isSendable }: Situation): string | null {
  if (session.status === 'initializing') return 'You can write now, and send once it is Running';
  if (session.status !== 'running' || session.stopping) return 'It is stopping: new messages are refused';
  if (isBusy) return 'An answer is being written';
  return isSendable ? null : 'A parameter is out of its bounds';
}
