import { expect, it } from 'vitest';
import type { Scoring } from '$/api/tasks';
import { draftOf, newScoring, scoringGaps, scoringOf } from './scoring';

it('what is typed again from a task is sent as it was', () => {
  const scorings = [
    { reference: 'answer', metric: { kind: 'exact', normalize: ['case', 'whitespace'] } },
    { name: 'near', reference: 'answer', metric: { kind: 'numeric', absolute: 0.5, relative: 0.01, take: 'first' } },
    { metric: { kind: 'json_schema', wrapping: 'fence', schema: { type: 'object' } } },
    { reference: 'r', metric: { kind: 'bleu' } },
    { metric: { kind: 'judge', rubric: 'Polite?', model: { session: 'ses_1' }, scale: { low: 0, high: 10 } } },
  ] as unknown as Scoring[];
  for (const scoring of scorings) expect(scoringOf(draftOf(scoring))).toEqual(scoring);
});

it('what is missing is named by its field', () => {
  expect(Object.keys(scoringGaps(newScoring('exact')))).toEqual(['reference']);
  expect(scoringGaps(newScoring('exact', 'answer'))).toEqual({});
  expect(scoringGaps({ ...newScoring('json_schema'), schema: '{' })).toEqual({ 'metric.schema': 'This is no JSON.' });
  expect(Object.keys(scoringGaps(newScoring('judge')))).toEqual(['metric.rubric', 'metric.model']);
});
