// A session's timeline as lines to draw. Pure.

import type { Phase, Reason, TimelineEntry } from '$/api/types';
import type { Tone } from '$/ui/status';

export interface Transition {
  at: string;
  word: string;
  tone: Tone;
  actor: string;
  /** Null where the next transition says the same. */
  reason: Reason | null;
  /** Seconds it then stayed so; null for the last. */
  stayed: number | null;
}

const words: Record<Phase, string> = {
  queued: 'Created',
  preparing: 'Preparing',
  loading: 'Loading the model',
  probing: 'Probing',
  running: 'Running',
  draining: 'Stopping',
  ended: 'Ended',
};

const actors: Record<string, string> = {
  system: 'Viva',
  shim: "the session's supervisor",
  policy: 'a limit of the session',
};

/** `me` is the id of who looks. */
export function transitions(entries: readonly TimelineEntry[], me: string | null): Transition[] {
  return entries.map((entry, index) => {
    const next = entries[index + 1];
    return {
      at: entry.at,
      word: wordOf(entry),
      tone: entry.to === 'draining' ? 'stopping' : entry.status,
      actor: entry.actor === me ? 'you' : (actors[entry.actor] ?? entry.actor),
      reason: entry.reason && entry.reason.message !== next?.reason?.message ? entry.reason : null,
      stayed: next ? (Date.parse(next.at) - Date.parse(entry.at)) / 1_000 : null,
    };
  });
}

function wordOf(entry: TimelineEntry): string {
  if (entry.to !== 'ended') return entry.from == null ? 'Created' : entry.to === 'queued' ? 'Queued' : words[entry.to];
  return entry.status === 'failed' ? 'Failed' : 'Stopped';
}
