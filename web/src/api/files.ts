// Calls about the files of a session.

import { noteServerTime } from '$/live/clock.svelte';
import { http } from './client';
import { ApiError } from './error';
import type { components } from './schema';

export type SessionFile = components['schemas']['File'];
export type FilePage = components['schemas']['FilePage'];
export type FileStorage = components['schemas']['FileStorage'];
type PartialFile = components['schemas']['PartialFile'];

/** Bytes of the part that have left. */
export type PartProgress = (sent: number) => void;

const ofSession = (session: string) => `/api/v1/sessions/${encodeURIComponent(session)}/files`;

/** Where a file is read and written; the names of its path stay parted by `/`. */
export function fileAddress(session: string, path: string): string {
  return `${ofSession(session)}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

export const files = {
  list: (session: string, page: { limit?: number; cursor?: string | null } = {}, signal?: AbortSignal) =>
    http.get<FilePage>(ofSession(session), { query: { ...page }, signal }),

  remove: (session: string, path: string) => http.delete<void>(fileAddress(session, path)),

  /** The first bytes of a file as text, cut at `most` bytes. Empty for an empty file. */
  async beginning(session: string, path: string, most: number, signal?: AbortSignal): Promise<string> {
    const response = await fetch(fileAddress(session, path), { headers: { range: `bytes=0-${most - 1}` }, signal });
    // An empty file has no first byte.
    if (response.status === 416) return '';
    if (!response.ok) throw await ApiError.from(response);
    return new TextDecoder().decode(await response.arrayBuffer());
  },

  /** Bytes of an upload of `whole` bytes that are on the server. Where none was begun, or one of another size, it begins one. */
  async received(session: string, path: string, whole: number, signal: AbortSignal): Promise<number> {
    const answer = await put(fileAddress(session, path), null, `bytes */${whole}`, () => {}, signal);
    return 'received' in answer ? answer.received : whole;
  },

  /** Sends bytes `from` to `to` of a file; the file once it is whole, else how far it has come. */
  sendPart: (session: string, path: string, contents: File, [from, to]: [number, number], onprogress: PartProgress, signal: AbortSignal) =>
    put(
      fileAddress(session, path),
      contents.slice(from, to),
      // No range says nothing: an empty file goes in one piece.
      contents.size === 0 ? null : `bytes ${from}-${to - 1}/${contents.size}`,
      onprogress,
      signal,
    ),
};

/** `fetch` tells nothing of how much has left. */
function put(address: string, body: Blob | null, range: string | null, onprogress: PartProgress, signal: AbortSignal): Promise<SessionFile | PartialFile> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new DOMException('The upload was called off.', 'AbortError'));
    const request = new XMLHttpRequest();
    request.open('PUT', address);
    request.setRequestHeader('content-type', 'application/octet-stream');
    if (range) request.setRequestHeader('content-range', range);
    request.upload.onprogress = ({ loaded }) => onprogress(loaded);
    request.onload = () => {
      noteServerTime(request.getResponseHeader('date'));
      if (request.status >= 200 && request.status < 300) {
        try {
          resolve(JSON.parse(request.responseText) as SessionFile | PartialFile);
        } catch (error) {
          reject(new ApiError('unreadable', 'The answer was cut off or is not JSON.', request.status, 'Unreadable answer', [], {}, null, { cause: error }));
        }
        return;
      }
      void ApiError.from(new Response(request.responseText, { status: request.status || 502 })).then(reject);
    };
    request.onerror = () => reject(ApiError.offline(new Error('the connection broke off')));
    request.onabort = () => reject(new DOMException('The upload was called off.', 'AbortError'));
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(body);
  });
}
