// Calls about the log of a session's runtime.

import { address, send } from './client';

export interface LogPart {
  text: string;
  /** The byte to ask from next. */
  next: number;
}

const path = (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}/logs`;

export const logs = {
  /** What stands from a byte on, at most 4 MiB at a time; nothing beyond the end. */
  async read(id: string, from: number, signal?: AbortSignal): Promise<LogPart> {
    const response = await send('GET', path(id), { query: { from }, signal });
    const text = await response.text();
    return { text, next: Number(response.headers.get('x-log-next') ?? from) };
  },

  /** Where a browser downloads all of it. */
  downloadAddress: (id: string) => address(path(id), { download: true }),
};
