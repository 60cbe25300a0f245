// Calls about models.

import { http } from './client';
import type { Model, Page, UpdateModel } from './types';

export interface ModelFilter {
  q?: string;
  scope?: 'catalog' | 'private';
}

const path = (id: string) => `/api/v1/models/${encodeURIComponent(id)}`;

export const models = {
  list: (filter: ModelFilter = {}, page: { limit?: number; cursor?: string | null } = {}, signal?: AbortSignal) =>
    http.get<Page<Model>>('/api/v1/models', { query: { ...filter, ...page }, signal }),

  load: (id: string, signal?: AbortSignal) => http.get<Model>(path(id), { signal }),

  update: (id: string, body: UpdateModel) => http.patch<Model>(path(id), body),

  delete: (id: string) => http.delete<void>(path(id)),
};
