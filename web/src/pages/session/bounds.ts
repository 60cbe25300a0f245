// How near a session is to the limits that are counted, not timed. Pure.

import type { Session } from '$/api/types';

export interface Bound {
  kind: 'max_interactions' | 'max_tokens';
  used: number;
  most: number;
  /** A tenth or less is left. */
  isNear: boolean;
}

/** The smallest limit of each counted kind in force. */
export function countedBounds(session: Pick<Session, 'limits' | 'usage'>): Bound[] {
  const { usage } = session;
  const used = { max_interactions: usage.interactions, max_tokens: usage.prompt_tokens + usage.completion_tokens };
  return (['max_interactions', 'max_tokens'] as const).flatMap((kind) => {
    const values = session.limits.filter((limit) => limit.kind === kind).map((limit) => Number(limit.value));
    if (values.length === 0) return [];
    const most = Math.min(...values);
    return [{ kind, used: used[kind], most, isNear: used[kind] >= most * 0.9 }];
  });
}

/** Seconds before the end from which a session says so: five minutes, or the last fifth of a short one. */
export function warningSeconds(session: Pick<Session, 'running_at' | 'stops_at'>): number {
  if (!session.running_at || !session.stops_at) return 0;
  const whole = (Date.parse(session.stops_at) - Date.parse(session.running_at)) / 1_000;
  return Math.min(300, whole / 5);
}
