// Scorings as they are typed, and as they are sent. Pure.

import type { Metric, MetricKind, Scoring } from '$/api/tasks';

export type Judging = 'session' | 'endpoint';

/** All settings that any metric has: what was typed for one is there again after looking at another. */
export interface ScoringDraft {
  key: number;
  kind: MetricKind;
  name: string;
  reference: string;
  normalize: string[];
  pattern: string;
  /** As typed. */
  absolute: string;
  /** In percent, as typed. */
  relative: string;
  take: 'first' | 'last' | 'only';
  isFenced: boolean;
  schema: string;
  options: string[];
  isStemmed: boolean;
  judging: Judging;
  session: string;
  baseUrl: string;
  model: string;
  rubric: string;
  low: string;
  high: string;
}

let keys = 0;

export function newScoring(kind: MetricKind = 'exact', reference = ''): ScoringDraft {
  return {
    key: (keys += 1),
    kind,
    name: '',
    reference,
    normalize: ['whitespace'],
    pattern: '',
    absolute: '',
    relative: '',
    take: 'last',
    isFenced: false,
    schema: '',
    options: [],
    isStemmed: false,
    judging: 'session',
    session: '',
    baseUrl: '',
    model: '',
    rubric: '',
    low: '1',
    high: '5',
  };
}

/** Whether a metric compares with a column, may do so, or does not. */
export const referenceUse: Record<MetricKind, 'needed' | 'possible'> = {
  exact: 'needed',
  contains: 'needed',
  regex: 'possible',
  numeric: 'needed',
  json: 'possible',
  json_schema: 'possible',
  choice: 'needed',
  bleu: 'needed',
  chrf: 'needed',
  rouge_l: 'needed',
  judge: 'possible',
};

export const metricHints: Record<MetricKind, string> = {
  exact: 'The answer is the reference.',
  contains: 'The answer holds the reference.',
  regex: 'A pattern is found in the answer.',
  numeric: 'A number in the answer is near the reference.',
  json: 'The answer is JSON; with a reference, the same value.',
  json_schema: 'The answer is JSON that fits a schema.',
  choice: 'The answer names the right one of several choices.',
  bleu: 'Nearness to a reference text, as sacrebleu computes it.',
  chrf: 'Nearness by characters, as sacrebleu computes it.',
  rouge_l: 'The longest common words, as rouge-score computes it.',
  judge: 'Another model gives each answer a score by a rubric.',
};

const number = (text: string, otherwise: number) => {
  const value = Number(text.trim().replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(value) ? otherwise : value;
};

function metricOf(draft: ScoringDraft): Metric {
  switch (draft.kind) {
    case 'exact':
    case 'contains':
      return { kind: draft.kind, normalize: draft.normalize } as Metric;
    case 'regex':
      return { kind: 'regex', ...(draft.pattern === '' ? {} : { pattern: draft.pattern }) };
    case 'numeric':
      return { kind: 'numeric', absolute: number(draft.absolute, 0), relative: number(draft.relative, 0) / 100, take: draft.take } as Metric;
    case 'json':
      return { kind: 'json', wrapping: draft.isFenced ? 'fence' : 'none' };
    case 'json_schema':
      return {
        kind: 'json_schema',
        wrapping: draft.isFenced ? 'fence' : 'none',
        ...(draft.schema.trim() === '' ? {} : { schema: JSON.parse(draft.schema) as Record<string, never> }),
      };
    case 'choice':
      return { kind: 'choice', options: [...draft.options] } as unknown as Metric;
    case 'rouge_l':
      return { kind: 'rouge_l', stemming: draft.isStemmed ? 'porter' : 'none' };
    case 'judge':
      return {
        kind: 'judge',
        rubric: draft.rubric,
        model: draft.judging === 'session' ? { session: draft.session } : { endpoint: { base_url: draft.baseUrl.trim(), model: draft.model.trim() } },
        scale: { low: number(draft.low, 1), high: number(draft.high, 5) },
      };
    default:
      return { kind: draft.kind } as Metric;
  }
}

export function scoringOf(draft: ScoringDraft): Scoring {
  return {
    ...(draft.name.trim() === '' ? {} : { name: draft.name.trim() }),
    ...(draft.reference === '' ? {} : { reference: draft.reference }),
    metric: metricOf(draft),
  };
}

/** What is missing before the server can be asked, by the field below the scoring. */
export function scoringGaps(draft: ScoringDraft): Record<string, string> {
  const gaps: Record<string, string> = {};
  if (referenceUse[draft.kind] === 'needed' && draft.reference === '') gaps['reference'] = 'Choose the column that holds what is expected.';
  if (draft.kind === 'regex' && draft.pattern === '' && draft.reference === '') gaps['metric.pattern'] = 'Give a pattern, or the column that holds one for each row.';
  if (draft.kind === 'json_schema') {
    if (draft.schema.trim() === '' && draft.reference === '') gaps['metric.schema'] = 'Give a schema, or the column that holds one for each row.';
    else if (!isJson(draft.schema)) gaps['metric.schema'] = 'This is no JSON.';
  }
  if (draft.kind === 'judge') {
    if (draft.rubric.trim() === '') gaps['metric.rubric'] = 'Say what the judge is to look at.';
    if (draft.judging === 'session' && draft.session === '') gaps['metric.model'] = 'Choose the session that judges.';
    if (draft.judging === 'endpoint' && (draft.baseUrl.trim() === '' || draft.model.trim() === '')) gaps['metric.model'] = 'Give the address and the model.';
  }
  return gaps;
}

/** What a task was asked for, as it would be typed. */
export function draftOf(scoring: Scoring): ScoringDraft {
  const metric = scoring.metric as Metric & Record<string, unknown>;
  const draft = { ...newScoring(metric.kind, scoring.reference ?? ''), name: scoring.name ?? '' };
  const text = (value: unknown) => (value == null ? '' : String(value));
  if (Array.isArray(metric['normalize'])) draft.normalize = metric['normalize'] as string[];
  draft.pattern = text(metric['pattern']);
  draft.absolute = metric['absolute'] ? text(metric['absolute']) : '';
  draft.relative = metric['relative'] ? text(100 * Number(metric['relative'])) : '';
  draft.take = (metric['take'] as ScoringDraft['take'] | undefined) ?? 'last';
  draft.isFenced = metric['wrapping'] === 'fence';
  draft.schema = metric['schema'] == null ? '' : JSON.stringify(metric['schema'], null, 2);
  if (Array.isArray(metric['options'])) draft.options = metric['options'] as string[];
  draft.isStemmed = metric['stemming'] === 'porter';
  if (metric.kind === 'judge') {
    const model = metric.model as { session?: string; endpoint?: { base_url: string; model: string } };
    draft.judging = model.endpoint ? 'endpoint' : 'session';
    draft.session = model.session ?? '';
    draft.baseUrl = model.endpoint?.base_url ?? '';
    draft.model = model.endpoint?.model ?? '';
    draft.rubric = metric.rubric;
    draft.low = text(metric.scale?.low ?? 1);
    draft.high = text(metric.scale?.high ?? 5);
  }
  return draft;
}

function isJson(text: string): boolean {
  if (text.trim() === '') return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
