// The figures of a reason as rows: what they are called, and the value as text.

import type { Limit, Reason } from '$/api/types';
import { duration } from '$/format/duration';
import { bytes, count } from '$/format/number';
import { exact } from '$/format/time';

export interface FigureRow {
  label: string;
  value: string;
}

const signals: Record<number, string> = {
  4: 'illegal instruction',
  6: 'aborted',
  7: 'bus error',
  9: 'killed',
  11: 'segmentation fault',
  15: 'terminated',
  31: 'forbidden system call',
};

/** Rows for what applies, the telling ones first. */
export function reasonFigures(reason: Reason): FigureRow[] {
  const { details } = reason;
  const rows: [string, string | null][] = [
    ['Memory needed', size(details.memory_needed_bytes)],
    ['Memory free', size(details.memory_free_bytes)],
    ['Memory allowed', size(details.memory_bound_bytes)],
    ['Memory held at most', size(details.memory_peak_bytes)],
    ['Exit code', details.exit_code == null ? null : String(details.exit_code)],
    ['Signal', details.signal == null ? null : signal(details.signal)],
    ['Time allowed', details.deadline_seconds == null ? null : duration(details.deadline_seconds)],
    ['Limit', details.limit ? limitText(details.limit) : null],
  ];
  return rows.flatMap(([label, value]) => (value === null ? [] : [{ label, value }]));
}

function size(value: number | null | undefined): string | null {
  return value == null ? null : bytes(value);
}

function signal(number: number): string {
  return signals[number] ? `${number} (${signals[number]})` : String(number);
}

const sources: Record<Limit['source'], string> = {
  session: 'asked for',
  default: 'the default',
  operator: "the operator's bound",
  model: "the model's own",
};

/** Where a limit came from, in words. */
export function limitSource(limit: Limit): string {
  return sources[limit.source];
}

/** A limit's value with its unit: `1 h`, `25 interactions`. */
export function limitValue(limit: Limit): string {
  const { kind, value } = limit;
  if (typeof value === 'string') return exact(value);
  switch (kind) {
    case 'after_seconds':
      return duration(value);
    case 'idle_seconds':
      return `${duration(value)} idle`;
    case 'max_interactions':
      return `${count(value)} interactions`;
    case 'max_tokens':
      return `${count(value)} tokens`;
    case 'at':
      return exact(value * 1_000);
  }
}

function limitText(limit: Limit): string {
  return `${limitValue(limit)}, ${limitSource(limit)}`;
}

/** All of a reason as text, for copying into a message. */
export function reasonText(name: string, reason: Reason): string {
  const { log_tail: log = [], hints = [] } = reason.details;
  return [
    `${name}: ${reason.code}`,
    reason.message,
    ...reasonFigures(reason).map(({ label, value }) => `${label}: ${value}`),
    ...(hints.length > 0 ? ['', 'What to try:', ...hints.map((hint) => `- ${hint}`)] : []),
    ...(log.length > 0 ? ['', "The log's last lines:", ...log] : []),
  ]
    .join('\n')
    .replaceAll('\u00a0', ' ');
}
