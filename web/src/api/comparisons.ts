// Calls about tasks on the same input, side by side.

import { http } from './client';
import type { components } from './schema';
import type { Page } from './types';

type Schemas = components['schemas'];

export type Comparisons = Schemas['Comparisons'];
export type ScoringComparison = Schemas['ScoringComparison'];
export type Pair = Schemas['Pair'];
export type ComparedRow = Schemas['ComparedRow'];
export type Tally = Schemas['Tally'];

export interface ComparedFilter {
  /** The scoring whose differences come first; none: in the order of the input. */
  score?: string;
  q?: string;
}

const joined = (tasks: readonly string[]) => tasks.join(',');

export const comparisons = {
  /** `tasks`: 2 to 8 that are over and have the same input; the first is the baseline. */
  load: (tasks: readonly string[], signal?: AbortSignal) =>
    http.get<Comparisons>('/api/v1/compare', { query: { tasks: joined(tasks) }, signal }),

  rows: (tasks: readonly string[], filter: ComparedFilter = {}, page: { limit?: number; cursor?: string | null } = {}, signal?: AbortSignal) =>
    http.get<Page<ComparedRow>>('/api/v1/compare/rows', { query: { tasks: joined(tasks), ...filter, ...page }, signal }),

  votes: (tasks: readonly string[], signal?: AbortSignal) =>
    http.get<Tally>('/api/v1/compare/votes', { query: { tasks: joined(tasks) }, signal }),

  /** `choice`: the better one, or null for a tie. Another vote on the same row takes the place of the first. */
  vote: (tasks: readonly string[], row: number, choice: string | null) =>
    http.post<Tally>('/api/v1/compare/votes', { tasks, row, choice }),
};
