// Calls about sessions.

import { http } from './client';
import type {
  CreateSession,
  DeletionReceipt,
  Endpoint,
  Session,
  SessionCheck,
  SessionPage,
  Status,
  Timeline,
  UpdateSession,
} from './types';

export interface SessionFilter {
  q?: string;
  status?: Status | '';
}

const path = (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}`;

export const sessions = {
  list: (filter: SessionFilter, page: { limit?: number; cursor?: string | null } = {}, signal?: AbortSignal) =>
    http.get<SessionPage>('/api/v1/sessions', { query: { ...filter, ...page }, signal }),

  load: (id: string, signal?: AbortSignal) => http.get<Session>(path(id), { signal }),

  /** `key` makes a repeated submission the same one: take a new one per form, not per click. */
  create: (body: CreateSession, key: string) =>
    http.post<Session>('/api/v1/sessions', body, { headers: { 'idempotency-key': key } }),

  /** Answers, and refuses, exactly as `create` would; changes nothing. */
  check: (body: CreateSession, signal?: AbortSignal) =>
    http.post<SessionCheck>('/api/v1/sessions/check', body, { signal }),

  update: (id: string, body: UpdateSession) => http.patch<Session>(path(id), body),

  stop: (id: string) => http.post<Session>(`${path(id)}/stop`),

  /** For good. The word was typed by a person before this is called. */
  delete: (id: string) => http.delete<DeletionReceipt>(path(id), { query: { confirm: 'delete' } }),

  endpoint: (id: string) => http.get<Endpoint>(`${path(id)}/endpoint`),

  timeline: (id: string, signal?: AbortSignal) => http.get<Timeline>(`${path(id)}/timeline`, { signal }),

  /** Where a browser downloads the whole history. */
  exportAddress: (id: string, format: 'xlsx' | 'jsonl' | 'csv', starred = false) =>
    `${path(id)}/completions/export?format=${format}${starred ? '&starred=true' : ''}`,
};
