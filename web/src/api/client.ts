// The one place that speaks HTTP. Paths, parameters, bodies and answers are typed by the OpenAPI document.

import { ApiError } from './error';
import { noteServerTime } from '$/live/clock.svelte';

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface RequestOptions {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

let onUnauthorized: () => void = () => {};

/** What to do when the login has expired; set once, by the application. */
export function whenUnauthorized(handler: () => void): void {
  onUnauthorized = handler;
}

/** `path` with `query`; parameters that are null, undefined or empty are left out. */
export function address(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `${path}?${text}` : path;
}

/**
 * The answer, its body unread. Throws ApiError for any answer that is not 2xx, and AbortError when `signal` fires.
 * A 401 also leads to the login page.
 */
export async function send(method: Method, path: string, options: RequestOptions = {}): Promise<Response> {
  const { query, body, headers, signal } = options;
  let response: Response;
  try {
    response = await fetch(address(path, query), {
      method,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      credentials: 'same-origin',
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw ApiError.offline(error);
  }
  noteServerTime(response.headers.get('date'));
  if (response.ok) return response;
  const error = await ApiError.from(response);
  if (error.status === 401 && error.code === 'unauthorized') onUnauthorized();
  throw error;
}

async function json<T>(method: Method, path: string, options?: RequestOptions): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError('unreadable', 'The answer was cut off or is not JSON.', response.status, 'Unreadable answer', [], {}, null, {
      cause: error,
    });
  }
}

export const http = {
  get: <T>(path: string, options?: RequestOptions) => json<T>('GET', path, options),
  post: <T>(path: string, body?: unknown, options?: RequestOptions) => json<T>('POST', path, { ...options, body }),
  patch: <T>(path: string, body: unknown, options?: RequestOptions) => json<T>('PATCH', path, { ...options, body }),
  put: <T>(path: string, body: unknown, options?: RequestOptions) => json<T>('PUT', path, { ...options, body }),
  delete: <T>(path: string, options?: RequestOptions) => json<T>('DELETE', path, options),
};
