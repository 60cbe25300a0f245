// How the event stream stands, for the header and for whoever draws live figures.

import type { StreamState } from './event-stream';

/** A reconnection this quick is nobody's business. */
const GRACE_MS = 1_500;

export type Connection = 'connecting' | 'live' | 'behind' | 'offline';

let state = $state<Connection>('connecting');
let lostAt = $state<number | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

export const connection = {
  /** `behind`: the stream is being opened again; `offline`: the browser knows of no network. */
  get state(): Connection {
    return state;
  },
  /** When the stream broke, in milliseconds since 1970; null while it is live. */
  get lostAt(): number | null {
    return lostAt;
  },
};

export function noteStreamState(next: StreamState): void {
  if (next === 'live') {
    clearTimeout(timer);
    timer = undefined;
    state = 'live';
    lostAt = null;
    return;
  }
  if (state === 'live') lostAt = Date.now();
  lostAt ??= Date.now();
  timer ??= setTimeout(() => {
    timer = undefined;
    if (lostAt !== null) state = navigator.onLine ? 'behind' : 'offline';
  }, GRACE_MS);
}
