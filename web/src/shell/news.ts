// Which changes of a session somebody who looks elsewhere wants to be told of. Pure.

import type { Session } from '$/api/types';

export interface News {
  kind: 'ready' | 'failed' | 'ending';
  text: string;
}

/** From this long before its end, in seconds; of a short session the last fifth. */
const SOON_SECONDS = 300;

/** What was not known before is news only if it is this fresh, in milliseconds: else it may have been so for long. */
const FRESH_MS = 60_000;

/** `now` in milliseconds since 1970. */
export function newsOf(before: Session | undefined, session: Session, now: number): News | null {
  if (before?.status === session.status) return null;
  const since = session.status === 'running' ? session.running_at : session.ended_at;
  // A session may begin and fail between two events.
  if (!before && (!since || now - Date.parse(since) > FRESH_MS)) return null;
  if (session.status === 'running') return { kind: 'ready', text: `${session.model.name}:${session.model.version} answers.` };
  if (session.status === 'failed') return { kind: 'failed', text: session.reason?.message ?? 'It met an error and cannot continue.' };
  return null;
}

/** `now` in milliseconds since 1970. */
export function isEndingSoon(session: Session, now: number): boolean {
  if (session.status !== 'running' || session.stopping || !session.stops_at || !session.running_at) return false;
  const end = Date.parse(session.stops_at);
  const lead = Math.min(SOON_SECONDS * 1_000, (end - Date.parse(session.running_at)) / 5);
  return end > now && end - now <= lead;
}
