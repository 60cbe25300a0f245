// What is typed into the form, and what it asks the server for. Pure.

import type { CreateSession, Session, StopPolicy } from '$/api/types';

/** How the time limit is given: not at all, as a length, or as a time of day. */
export type TimeMode = 'default' | 'duration' | 'wall_clock';

export interface Draft {
  name: string;
  description: string;
  /** A model's id; empty while none is chosen. */
  model: string;
  time: TimeMode;
  afterSeconds: number | null;
  /** As `datetime-local` has it, in this browser's zone: `2026-05-01T17:30`. */
  at: string;
  interactions: number | null;
  idleSeconds: number | null;
  tokens: number | null;
  contextLength: number | null;
  parallel: number | null;
}

export const empty: Readonly<Draft> = {
  name: '',
  description: '',
  model: '',
  time: 'default',
  afterSeconds: null,
  at: '',
  interactions: null,
  idleSeconds: null,
  tokens: null,
  contextLength: null,
  parallel: null,
};

export const steps = ['name', 'model', 'stop', 'review'] as const;
export type Step = (typeof steps)[number];

/** The step that holds a field of the request; null for what belongs to none. */
export function stepOf(field: string): Step | null {
  const [first] = field.split('.');
  if (first === 'name' || first === 'description') return 'name';
  if (first === 'model') return 'model';
  return first === 'stop' || first === 'engine' ? 'stop' : null;
}

export function requestOf(draft: Draft): CreateSession {
  const at = instantOf(draft.at);
  const stop: StopPolicy = {
    after_seconds: draft.time === 'duration' ? draft.afterSeconds : null,
    at: draft.time === 'wall_clock' ? at : null,
    max_interactions: draft.interactions,
    idle_seconds: draft.idleSeconds,
    max_tokens: draft.tokens,
  };
  return {
    // Blank: the server gives the name that it offers.
    name: draft.name.trim() === '' ? null : draft.name,
    description: draft.description.trim() === '' ? null : draft.description,
    model: draft.model,
    stop,
    engine: { context_length: draft.contextLength, parallel: draft.parallel },
  };
}

/** What is missing before the server can be asked, by the field of the request. */
export function gapsOf(draft: Draft): Record<string, string> {
  const gaps: Record<string, string> = {};
  if (draft.model === '') gaps['model'] = 'Choose a model.';
  if (draft.time === 'duration' && draft.afterSeconds === null) gaps['stop.after_seconds'] = 'Give a time, or take the default.';
  if (draft.time === 'wall_clock' && instantOf(draft.at) === null) gaps['stop.at'] = 'Give a date and a time, or take the default.';
  return gaps;
}

/** A new session like `session`: all but its name, which only one can have. `now` in milliseconds since 1970. */
export function draftLike(session: Session, now: number, contextLength: number | null = null): Draft {
  const { stop, engine } = session;
  const at = stop.at && Date.parse(stop.at) > now ? stop.at : null;
  return {
    ...empty,
    description: session.description ?? '',
    model: session.model.id,
    // A time of day that has passed cannot be asked for again.
    time: stop.after_seconds ? 'duration' : at ? 'wall_clock' : 'default',
    afterSeconds: stop.after_seconds ?? null,
    at: at ? localText(Date.parse(at)) : '',
    interactions: stop.max_interactions ?? null,
    idleSeconds: stop.idle_seconds ?? null,
    tokens: stop.max_tokens ?? null,
    contextLength: contextLength ?? engine.context_length,
    parallel: engine.parallel,
  };
}

/** Whether nothing was typed or chosen. */
export function isEmpty(draft: Draft): boolean {
  return JSON.stringify(draft) === JSON.stringify(empty);
}

/** Milliseconds since 1970 as `datetime-local` wants it. */
export function localText(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 16);
}

function instantOf(text: string): string | null {
  const at = Date.parse(text);
  return text === '' || Number.isNaN(at) ? null : new Date(at).toISOString();
}
