// Calls about test sets: cases that somebody has kept, to try models on again and again.

import { http } from './client';
import type { components } from './schema';
import type { Page } from './types';

type Schemas = components['schemas'];

export type TestSet = Schemas['TestSet'];
export type TestCase = Schemas['TestCase'];
export type TestRun = Schemas['TestRun'];
export type CreateTestCase = Schemas['CreateTestCase'];
export type UpdateTestCase = Schemas['UpdateTestCase'];
export type UpdateTestSet = Schemas['UpdateTestSet'];

/** As many as a set takes. */
export const MOST_CASES = 10_000;

const path = (id: string) => `/api/v1/test-sets/${encodeURIComponent(id)}`;
const casePath = (id: string, number: number) => `${path(id)}/cases/${number}`;

export const testSets = {
  /** All of them, by name, each with the last task that ran it. */
  list: (signal?: AbortSignal) => http.get<Page<TestSet>>('/api/v1/test-sets', { signal }),

  /** With the last ten tasks that ran it. */
  load: (id: string, signal?: AbortSignal) => http.get<TestSet>(path(id), { signal }),

  create: (name: string) => http.post<TestSet>('/api/v1/test-sets', { name }),

  update: (id: string, change: UpdateTestSet) => http.patch<TestSet>(path(id), change),

  /** With its cases, for good. The word was typed by a person before this is called. */
  delete: (id: string) => http.delete<void>(path(id), { query: { confirm: 'delete' } }),

  /** The first one first. */
  cases: (id: string, page: { limit?: number; cursor?: string | null } = {}, signal?: AbortSignal) =>
    http.get<Page<TestCase>>(`${path(id)}/cases`, { query: { ...page }, signal }),

  addCase: (id: string, body: CreateTestCase) => http.post<TestCase>(`${path(id)}/cases`, body),

  updateCase: (id: string, number: number, change: UpdateTestCase) => http.patch<TestCase>(casePath(id, number), change),

  deleteCase: (id: string, number: number) => http.delete<void>(casePath(id, number)),
};
