// Questions to the documentation.

import { http } from './client';
import type { DocsAnswer } from './types';

export const docs = {
  ask: (question: string, signal?: AbortSignal) => http.post<DocsAnswer>('/docs/ask', { question }, { signal }),
};
