// What a session's status is called and how it is drawn, in one place.

import type { Session } from '$/api/types';
import { percent } from '$/format/number';
import type { Colour, Shape } from './Glyph.svelte';

export type Tone = 'initializing' | 'running' | 'stopping' | 'failed' | 'stopped';

/** The part of a session that its status is told from. */
export type StatusSource = Pick<Session, 'status' | 'phase' | 'progress' | 'queue_position' | 'stopping' | 'reason'>;

export function tone(session: Pick<Session, 'status' | 'stopping'>): Tone {
  return session.status === 'running' && session.stopping ? 'stopping' : session.status;
}

/** How each is drawn. */
export const glyph: Record<Tone, { shape: Shape; colour: Colour }> = {
  initializing: { shape: 'arc', colour: 'initializing' },
  running: { shape: 'disc', colour: 'running' },
  stopping: { shape: 'ring', colour: 'running' },
  failed: { shape: 'triangle', colour: 'failed' },
  stopped: { shape: 'square', colour: 'stopped' },
};

const words: Record<Session['status'], string> = {
  initializing: 'Initializing',
  running: 'Running',
  failed: 'Failed',
  stopped: 'Stopped',
};

/** The word of a status, where no session is at hand. */
export function statusWord(status: Session['status']): string {
  return words[status];
}

/** The status with what it is at: `Loading 63 %`, `Queued, 2nd`, `Running, stopping`. */
export function statusText(session: StatusSource): string {
  if (session.status === 'running') return session.stopping ? 'Running, stopping' : words.running;
  if (session.status !== 'initializing') return words[session.status];
  switch (session.phase) {
    case 'queued':
      return session.queue_position ? `Queued, place ${session.queue_position}` : 'Queued';
    case 'preparing':
      return 'Preparing';
    case 'loading':
      return session.progress == null ? 'Loading' : `Loading ${percent(session.progress)}`;
    case 'probing':
      return 'Probing';
    default:
      return words.initializing;
  }
}

const reasons: Partial<Record<string, string>> = {
  user: 'by hand',
  time_limit: 'time limit',
  idle_limit: 'idle limit',
  interaction_limit: 'interaction limit',
  token_limit: 'token limit',
  model_limit: "model's limit",
  shutdown: 'with the server',
};

/** Why a session stopped, in a word or two; null where it did not. */
export function stopReason(session: Pick<Session, 'status' | 'reason'>): string | null {
  if (session.status !== 'stopped' || !session.reason) return null;
  return reasons[session.reason.code] ?? session.reason.code;
}
