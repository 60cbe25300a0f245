// Scores as text: from 0 to 1 with three figures, as the references of the metrics give them.

import type { MetricKind, RowScore, TaskScore } from '$/api/tasks';
import { count, plural } from '$/format/number';

/** `0.913`; a dash where there is none. */
export function scoreText(value: number | null | undefined): string {
  return value == null ? '–' : value.toLocaleString(undefined, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
}

/** Of a row: whole values as they are, others with two figures. */
export function rowScoreText(score: RowScore | undefined): string {
  if (!score || score.status !== 'scored') return '–';
  return score.value.toLocaleString(undefined, { maximumFractionDigits: 2 });
}

/** Where an interval of 95 % lies: `0.84 to 0.96`. */
export function intervalText(interval: { low: number; high: number } | null | undefined): string | null {
  if (!interval) return null;
  const text = (value: number) => value.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${text(interval.low)} to ${text(interval.high)}`;
}

const reasons: Record<string, string> = {
  reference_missing: 'lack the reference',
  reference_empty: 'have an empty reference',
  reference_invalid: 'have a reference of another kind',
  answer_missing: 'have no answer',
  too_costly: 'would take too long to judge',
  not_judged: 'wait for the judge',
  judge_unavailable: 'got no answer of the judge',
  verdict_invalid: 'got an answer that is no verdict',
  statistics_missing: 'lack their statistics',
};

const single: Record<string, string> = {
  reference_missing: 'The row lacks the reference column',
  reference_empty: 'The reference is empty',
  reference_invalid: 'The reference is not what the metric needs',
  answer_missing: 'There is no answer',
  too_costly: 'Judging it would take too long',
  not_judged: 'The judge has not been asked yet',
  judge_unavailable: 'The judge did not answer',
  verdict_invalid: "The judge's answer is no verdict",
  statistics_missing: 'Its statistics are missing',
};

/** Why a row has no score. */
export const unscoredText = (reason: string): string => single[reason] ?? reason;

/** `Of 198 rows; 2 have no answer` */
export function standsOn(score: Pick<TaskScore, 'rows' | 'scored' | 'unscored'>): string {
  const rest = Object.entries(score.unscored)
    .filter(([, rows]) => rows > 0)
    .map(([reason, rows]) => `${count(rows)} ${reasons[reason] ?? reason}`);
  return [`${plural(score.scored, 'row')} scored`, ...rest].join('; ');
}

export const metricWords: Record<MetricKind, string> = {
  exact: 'Exact match',
  contains: 'Contains',
  regex: 'Regular expression',
  numeric: 'Number',
  json: 'JSON',
  json_schema: 'JSON schema',
  choice: 'Multiple choice',
  bleu: 'BLEU',
  chrf: 'chrF',
  rouge_l: 'ROUGE-L',
  judge: 'Judge model',
};
