// Calls about completions: asking, following, the history and the conversations of a session.

import { address, http, send } from './client';
import { readEvents } from '$/live/server-sent-events';
import type { Completion, Page, RenderedPrompt } from './types';
import type { components } from './schema';

export type Conversation = components['schemas']['Conversation'];
export type FinishReason = components['schemas']['FinishReason'];
export type Origin = components['schemas']['Origin'];
export type ExportFormat = 'xlsx' | 'jsonl' | 'csv';

export interface TextPart {
  type: 'text';
  text: string;
}

export interface ImagePart {
  type: 'image_url';
  /** A data URL: the server fetches none. */
  image_url: { url: string };
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string | (TextPart | ImagePart)[];
}

/** A chat request of OpenAI's shape. What is left out is the model's own. */
export interface ChatRequest {
  messages: ChatMessage[];
  temperature?: number;
  top_p?: number;
  top_k?: number;
  min_p?: number;
  max_tokens?: number;
  stop?: string[];
  seed?: number;
  presence_penalty?: number;
  frequency_penalty?: number;
  repetition_penalty?: number;
}

export interface CompletionFilter {
  /** Words of the response. */
  q?: string;
  starred?: boolean;
  origin?: Origin | '';
  conversation?: string;
  order?: 'newest' | 'oldest';
}

interface PageQuery {
  /** 1 to 200, 50 if absent. */
  limit?: number;
  cursor?: string | null;
}

/** A piece of an answer: `text` starts at `from`, counted in Unicode scalar values. */
export interface AnswerText {
  from: number;
  text: string;
}

export interface AnswerObserver {
  onText(piece: AnswerText): void;
  /** The answer is over and on disk. */
  onDone(completion: Completion): void;
}

const ofSession = (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}`;
const path = (id: string) => `/api/v1/completions/${encodeURIComponent(id)}`;

export const completions = {
  list: (session: string, filter: CompletionFilter = {}, page: PageQuery = {}, signal?: AbortSignal) =>
    http.get<Page<Completion>>(`${ofSession(session)}/completions`, { query: { ...filter, ...page }, signal }),

  load: (id: string, signal?: AbortSignal) => http.get<Completion>(path(id), { signal }),

  /** Asks the model. The server owns the answer: follow it, or leave and come back. */
  create: (session: string, request: ChatRequest, conversation: string | null) =>
    http.post<Completion>(`${ofSession(session)}/completions`, { ...request, ...(conversation ? { conversation } : {}) }),

  /**
   * Follows an answer from a character on, whether it is still being written or over. Resolves when the connection ends;
   * only `onDone` means that the answer has. `onBytes` is called for anything that comes.
   */
  async follow(id: string, from: number, observer: AnswerObserver, signal: AbortSignal, onBytes?: () => void): Promise<void> {
    const response = await send('GET', `${path(id)}/stream`, { query: { from }, signal, headers: { accept: 'text/event-stream' } });
    await readEvents(
      response,
      ({ event, data }) => {
        if (event === 'text') observer.onText(JSON.parse(data) as AnswerText);
        else if (event === 'done') observer.onDone(JSON.parse(data) as Completion);
      },
      onBytes,
    );
  },

  /** Stops generating; what was written is kept. Done already: nothing changes. */
  cancel: (id: string) => http.post<Completion>(`${path(id)}/cancel`),

  star: (id: string, starred: boolean) => http.patch<Completion>(path(id), { starred }),

  /** For good, after a confirmation. One that is still being written is refused. */
  delete: (id: string) => http.delete<void>(path(id), { query: { confirm: 'delete' } }),

  /** Where a browser downloads the history, or its picks. */
  exportAddress: (session: string, format: ExportFormat, starred?: boolean) =>
    address(`${ofSession(session)}/completions/export`, { format, starred: starred || null }),

  /** The prompt as the model's template renders it, with its tokens; only while the session is Running. */
  render: (session: string, request: ChatRequest, signal?: AbortSignal) =>
    http.post<RenderedPrompt>(`${ofSession(session)}/render`, request, { signal }),

  /** The one with the newest activity first. */
  conversations: (session: string, page: PageQuery = {}, signal?: AbortSignal) =>
    http.get<Page<Conversation>>(`${ofSession(session)}/conversations`, { query: { ...page }, signal }),
};
