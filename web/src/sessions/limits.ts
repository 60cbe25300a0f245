// Moving the limits of a running session.

import type { Session, StopPolicyChange } from '$/api/types';

/** The change that makes the session end at `end` (milliseconds since 1970) as far as time decides it. */
export function endAt(session: Session, end: number): StopPolicyChange {
  const from = Date.parse(session.running_at ?? session.created_at);
  const change: StopPolicyChange = { after_seconds: Math.max(1, Math.round((end - from) / 1_000)) };
  // A time of day that was asked for would end it earlier all the same.
  if (session.stop.at && Date.parse(session.stop.at) < end) change.at = new Date(end).toISOString();
  return change;
}
