// The way from created to Running, as steps to draw. Pure.

import type { Phase, Session } from '$/api/types';
import { percent } from '$/format/number';

export interface Step {
  phase: Phase;
  word: string;
  state: 'done' | 'present' | 'ahead';
  /** What is known of a step that is under way: `63 %`, `place 2`. */
  figure: string | null;
}

const words = [
  ['queued', 'Queued'],
  ['preparing', 'Preparing'],
  ['loading', 'Loading'],
  ['probing', 'Probing'],
  ['running', 'Running'],
] as const satisfies readonly (readonly [Phase, string])[];

type Starting = Pick<Session, 'phase' | 'progress' | 'queue_position'>;

export function startSteps(session: Starting): Step[] {
  const present = words.findIndex(([phase]) => phase === session.phase);
  return words.map(([phase, word], index) => ({
    phase,
    word,
    state: index < present ? 'done' : index === present ? 'present' : 'ahead',
    figure: index === present ? figure(session) : null,
  }));
}

function figure(session: Starting): string | null {
  if (session.phase === 'queued' && session.queue_position) return `place ${session.queue_position}`;
  if (session.phase === 'loading' && session.progress != null) return percent(session.progress);
  return null;
}

/** What happens in the present phase, in a sentence. */
export function startSentence(session: Starting): string {
  switch (session.phase) {
    case 'queued':
      return session.queue_position
        ? 'It waits for memory or for another session to end, and starts by itself.'
        : 'It is about to start.';
    case 'preparing':
      return 'Storage and the runtime are being prepared.';
    case 'loading':
      return 'The runtime is loading the model.';
    case 'probing':
      return 'The model is loaded; it is Running once it has answered a first request.';
    default:
      return '';
  }
}
