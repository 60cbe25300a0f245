// Adding a model: a file of any size, streamed from the disk.

import { noteServerTime } from '$/live/clock.svelte';
import { address } from './client';
import { ApiError } from './error';
import type { Model } from './types';

/** What is said of the file; what is left out, the file's own metadata or the server decides. */
export interface ImportQuery {
  name?: string;
  version?: string;
  /** Comma-separated. */
  tags?: string;
  learning_stage?: Model['learning_stage']['stage'];
  scope?: Model['scope'];
  filename?: string;
}

/** Bytes that have left, of the whole. */
export type Progress = (sent: number, total: number) => void;

/**
 * The model as it was added. Throws ApiError as every call does, and AbortError when `signal` fires; then nothing is kept.
 * `fetch` tells nothing of how much has left: this is the one place that needs the older interface.
 */
export function uploadModel(file: File, query: ImportQuery, onprogress: Progress, signal: AbortSignal): Promise<Model> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', address('/api/v1/models', { ...query }));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = ({ loaded, total }) => onprogress(loaded, total);
    request.onload = () => {
      noteServerTime(request.getResponseHeader('date'));
      const headers = new Headers();
      const retryAfter = request.getResponseHeader('retry-after');
      if (retryAfter) headers.set('retry-after', retryAfter);
      const isGood = request.status >= 200 && request.status < 300;
      if (isGood) {
        try {
          resolve(JSON.parse(request.responseText) as Model);
        } catch (error) {
          reject(new ApiError('unreadable', 'The answer was cut off or is not JSON.', request.status, 'Unreadable answer', [], {}, null, { cause: error }));
        }
      } else {
        void ApiError.from(new Response(request.responseText, { status: request.status || 502, headers })).then(reject);
      }
    };
    request.onerror = () => reject(ApiError.offline(new Error('the connection broke off')));
    request.onabort = () => reject(new DOMException('The upload was called off.', 'AbortError'));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
