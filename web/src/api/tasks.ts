// Calls about tasks: sets of prompts that run over a session, and what came of them.

import { address, http } from './client';
import type { components } from './schema';
import type { Page } from './types';

type Schemas = components['schemas'];

export type Task = Schemas['Task'];
export type TaskStatus = Schemas['TaskStatus'];
export type TaskScore = Schemas['TaskScore'];
export type TaskRow = Schemas['TaskRow'];
export type RowState = Schemas['RowState'];
export type RowScore = Schemas['RowScore'];
export type CreateTask = Schemas['CreateTask'];
export type Scoring = Schemas['Scoring'];
export type Metric = Schemas['Metric'];
export type MetricKind = Metric['kind'];
export type Format = Schemas['Format'];
export type TaskReceipt = Schemas['TaskReceipt'];
export type TaskFormat = Schemas['TaskFormat'];

interface PageQuery {
  /** 1 to 200, 50 if absent. */
  limit?: number;
  cursor?: string | null;
}

export interface RowFilter {
  /** Text of the input or of the answer, as it is written. */
  q?: string;
  state?: RowState | '';
}

const path = (id: string) => `/api/v1/tasks/${encodeURIComponent(id)}`;
const ofSession = (session: string) => `/api/v1/sessions/${encodeURIComponent(session)}/tasks`;

export const tasks = {
  /** Newest first. */
  list: (session: string, page: PageQuery = {}, signal?: AbortSignal) =>
    http.get<Page<Task>>(ofSession(session), { query: { ...page }, signal }),

  /** Of all sessions, newest first. */
  listAll: (page: PageQuery = {}, signal?: AbortSignal) => http.get<Page<Task>>('/api/v1/tasks', { query: { ...page }, signal }),

  load: (id: string, signal?: AbortSignal) => http.get<Task>(path(id), { signal }),

  /** `key` makes a repeated submission the same one. */
  create: (session: string, body: CreateTask, key: string) =>
    http.post<Task>(ofSession(session), body, { headers: { 'idempotency-key': key } }),

  /** What is in flight is cut, what is done stays. */
  cancel: (id: string) => http.post<Task>(`${path(id)}/cancel`),

  /** Another task, in a session that has not ended, of the rows that are left. */
  resume: (id: string, session: string) => http.post<Task>(`${path(id)}/resume`, { session }),

  /** For good. The word was typed by a person before this is called. */
  delete: (id: string) => http.delete<TaskReceipt>(path(id), { query: { confirm: 'delete' } }),

  rows: (id: string, filter: RowFilter = {}, page: PageQuery = {}, signal?: AbortSignal) =>
    http.get<Page<TaskRow>>(`${path(id)}/rows`, { query: { ...filter, ...page }, signal }),

  /** Where a browser downloads the rows with their answers and scores. */
  exportAddress: (id: string, format: TaskFormat) => address(`${path(id)}/export`, { format }),
};
