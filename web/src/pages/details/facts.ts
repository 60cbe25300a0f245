// Everything known of a session, as facts to draw. Pure.

import type { Model, Session } from '$/api/types';
import { duration, milliseconds } from '$/format/duration';
import { bytes, count, plural } from '$/format/number';
import { exact } from '$/format/time';
import { parameters, typeText } from '$/models/facts';
import type { Fact } from '$/ui/FactRows.svelte';
import { stopReason } from '$/ui/status';

export function timeFacts(session: Session, now: number): Fact[] {
  const { running_at: running, ended_at: ended } = session;
  const until = ended ? Date.parse(ended) : now;
  const started = running ? (Date.parse(running) - Date.parse(session.created_at)) / 1_000 : null;
  const ran = running ? (until - Date.parse(running)) / 1_000 : null;
  return [
    { label: 'Created', value: exact(session.created_at) },
    { label: 'Running', value: running ? exact(running) : null, note: started === null ? undefined : `after ${milliseconds(started * 1_000)}` },
    ended
      ? { label: 'Ended', value: exact(ended), note: stopReason(session) ?? session.reason?.code }
      : { label: 'Stops at the latest', value: session.stops_at ? exact(session.stops_at) : null },
    { label: ended ? 'Ran for' : 'Running for', value: ran === null ? null : duration(ran) },
  ];
}

export function usageFacts(session: Session): Fact[] {
  const { usage } = session;
  const perInteraction = usage.interactions > 0 ? usage.completion_tokens / usage.interactions : null;
  return [
    { label: 'Interactions', value: count(usage.interactions) },
    { label: 'Prompt tokens', value: count(usage.prompt_tokens) },
    {
      label: 'Answer tokens',
      value: count(usage.completion_tokens),
      note: perInteraction === null ? undefined : `${count(Math.round(perInteraction))} an interaction`,
    },
    { label: 'Tokens in all', value: count(usage.prompt_tokens + usage.completion_tokens) },
  ];
}

export function storageFacts(session: Session): Fact[] {
  const { temporary_bytes: temporary, persistent_bytes: persistent } = session.storage;
  const hasEnded = session.ended_at != null;
  return [
    {
      label: 'Temporary',
      value: bytes(temporary),
      note: hasEnded ? 'was removed when it ended' : 'removed when it stops',
    },
    { label: 'Persistent', value: bytes(persistent), note: 'results and files, kept until it is deleted' },
  ];
}

/** What the session says of its model, and what the hub adds while it still has it. */
export function modelFacts(session: Session, model: Model | undefined): Fact[] {
  const { model: opened } = session;
  const known: Fact[] = [
    { label: 'Model', value: opened.name, href: `/models/${encodeURIComponent(opened.id)}` },
    { label: 'Version', value: opened.version },
    { label: 'Type', value: typeText(opened), isText: true },
  ];
  if (!model) return known;
  return [
    ...known,
    { label: 'Family', value: model.family },
    { label: 'Parameters', value: parameters(model) },
    { label: 'Quantization', value: model.quantization ?? null },
    { label: 'Size', value: bytes(model.size_bytes), note: plural(model.files.length, 'file') },
    { label: 'Trained context', value: model.context_length == null ? null : count(model.context_length), note: 'tokens' },
    { label: 'Scope', value: model.scope === 'catalog' ? 'Catalog' : 'Private', isText: true },
  ];
}

export function engineFacts(session: Session, model: Model | undefined): Fact[] {
  const { context_length: context, parallel } = session.engine;
  return [
    { label: 'Context', value: count(context), note: 'tokens for each answer' },
    { label: 'At once', value: count(parallel), note: 'answers; more wait' },
    ...(model?.memory_needed_bytes == null
      ? []
      : [{ label: 'Memory', value: bytes(model.memory_needed_bytes), note: 'with the default settings' }]),
  ];
}
