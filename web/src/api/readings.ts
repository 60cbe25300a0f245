// What was measured over a session's life.

import type { Readings } from './additions';
import { http } from './client';

export const readings = {
  load: (id: string, signal?: AbortSignal) =>
    http.get<Readings>(`/api/v1/sessions/${encodeURIComponent(id)}/readings`, { signal }),
};
