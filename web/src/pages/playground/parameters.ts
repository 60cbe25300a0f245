// The sampling parameters of the playground: bounds, presets by purpose, and what goes into a request. Pure.

import type { ChatRequest } from '$/api/completions';

/** Null is "not sent": the server's own default. */
export interface Parameters {
  temperature: number | null;
  top_p: number | null;
  max_tokens: number | null;
  stop: string[];
  seed: number | null;
  top_k: number | null;
  min_p: number | null;
  presence_penalty: number | null;
  frequency_penalty: number | null;
  repetition_penalty: number | null;
}

export type NumberName = Exclude<keyof Parameters, 'stop'>;

export interface Bounds {
  label: string;
  least: number;
  most: number;
  step: number;
  /** What holds where none is given; null where the server decides. */
  standard: number | null;
  /** The least value itself is not allowed. */
  isAbove?: boolean;
  hint: string;
}

export const bounds: Record<NumberName, Bounds> = {
  temperature: { label: 'Temperature', least: 0, most: 2, step: 0.05, standard: 1, hint: '0 always takes the likeliest token' },
  top_p: { label: 'Top-P', least: 0, most: 1, step: 0.05, standard: 1, isAbove: true, hint: 'above 0, at most 1; 1 is off' },
  max_tokens: { label: 'Output length', least: 0, most: 8192, step: 50, standard: null, hint: '0 to 8,192; empty: to the end of the context' },
  seed: { label: 'Seed', least: 0, most: Number.MAX_SAFE_INTEGER, step: 1, standard: null, hint: 'the same seed repeats an answer' },
  top_k: { label: 'Top-K', least: 0, most: 1_000_000, step: 10, standard: 0, hint: 'candidates kept; 0 is off' },
  min_p: { label: 'Min-P', least: 0, most: 1, step: 0.05, standard: 0, hint: 'relative to the likeliest; 0 is off' },
  presence_penalty: { label: 'Presence penalty', least: -2, most: 2, step: 0.1, standard: 0, hint: '−2 to 2; 0 is off' },
  frequency_penalty: { label: 'Frequency penalty', least: -2, most: 2, step: 0.1, standard: 0, hint: '−2 to 2; 0 is off' },
  repetition_penalty: { label: 'Repetition penalty', least: 0, most: 2, step: 0.05, standard: 1, isAbove: true, hint: 'above 0, at most 2; 1 is off' },
};

export const MOST_STOPS = 16;

export const noParameters: Parameters = {
  temperature: null,
  top_p: null,
  max_tokens: null,
  stop: [],
  seed: null,
  top_k: null,
  min_p: null,
  presence_penalty: null,
  frequency_penalty: null,
  repetition_penalty: null,
};

export type Purpose = 'own' | 'creative' | 'technical' | 'summary' | 'code' | 'agent';

type Range = readonly [number, number | null];

interface Preset {
  label: string;
  ranges: Partial<Record<NumberName, Range>>;
  values: Partial<Parameters>;
}

export const presets: Record<Exclude<Purpose, 'own'>, Preset> = {
  creative: {
    label: 'Creative writing',
    ranges: { temperature: [1, 1.5], top_p: [0.8, 1], max_tokens: [500, null] },
    values: { temperature: 1.2, top_p: 0.9, max_tokens: 1000 },
  },
  technical: {
    label: 'Technical explanation',
    ranges: { temperature: [0.2, 0.5], top_p: [0.3, 0.6], max_tokens: [200, 500] },
    values: { temperature: 0.3, top_p: 0.5, max_tokens: 400 },
  },
  summary: {
    label: 'Summarization',
    ranges: { temperature: [0.2, 0.5], top_p: [0.3, 0.6], max_tokens: [150, 300] },
    values: { temperature: 0.3, top_p: 0.5, max_tokens: 250 },
  },
  code: {
    label: 'Code generation',
    ranges: { temperature: [0.1, 0.4], top_p: [0.3, 0.6] },
    values: { temperature: 0.2, top_p: 0.5, stop: ['\n', '#'] },
  },
  agent: {
    label: 'Conversational agent',
    ranges: { temperature: [0.7, 1], top_p: [0.8, 1], max_tokens: [200, 600] },
    values: { temperature: 0.8, top_p: 0.9, max_tokens: 400 },
  },
};

/** What a purpose starts with. What it says nothing of, penalties and seed, stays as it is. */
export function withPurpose(parameters: Parameters, purpose: Purpose): Parameters {
  if (purpose === 'own') return parameters;
  const { temperature, top_p, max_tokens, stop } = noParameters;
  return { ...parameters, temperature, top_p, max_tokens, stop, ...presets[purpose].values };
}

/** The range that a purpose advises, as text; null where it says nothing. */
export function advice(purpose: Purpose, name: NumberName): string | null {
  const range = purpose === 'own' ? undefined : presets[purpose].ranges[name];
  if (!range) return null;
  const [from, to] = range;
  return to === null ? `${from} or more` : `${from}–${to}`;
}

export function isAdvised(purpose: Purpose, name: NumberName, value: number | null): boolean {
  const range = purpose === 'own' ? undefined : presets[purpose].ranges[name];
  if (!range || value === null) return true;
  return value >= range[0] && (range[1] === null || value <= range[1]);
}

/** Why a value cannot be sent; null where it can. */
export function fault(name: NumberName, value: number | null): string | null {
  const { least, most, isAbove, label } = bounds[name];
  if (value === null) return null;
  const isWithin = Number.isFinite(value) && value <= most && (isAbove ? value > least : value >= least);
  if (isWithin) return null;
  return isAbove ? `${label} is above ${least} and at most ${most}` : `${label} is ${least} to ${most}`;
}

export function isSendable(parameters: Parameters): boolean {
  return (Object.keys(bounds) as NumberName[]).every((name) => fault(name, parameters[name]) === null);
}

/** The part of a request that the parameters make. */
export function toRequest(parameters: Parameters): Omit<ChatRequest, 'messages'> {
  const request: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && !(Array.isArray(value) && value.length === 0)) request[name] = Array.isArray(value) ? [...value] : value;
  }
  return request as Omit<ChatRequest, 'messages'>;
}

/** What was kept, or came from elsewhere, as parameters: whatever does not fit is left out. */
export function fromUnknown(value: unknown): Parameters {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const read = { ...noParameters, stop: [] as string[] };
  for (const name of Object.keys(bounds) as NumberName[]) {
    const number = given[name];
    if (typeof number === 'number' && fault(name, number) === null) read[name] = number;
  }
  const stop = typeof given['stop'] === 'string' ? [given['stop']] : given['stop'];
  if (Array.isArray(stop)) read.stop = stop.filter((text) => typeof text === 'string' && text !== '').slice(0, MOST_STOPS);
  return read;
}
