// The server's event stream, kept open: reconnects from the last event, notices silence, says how it stands.

import { send } from '$/api/client';
import { toApiError } from '$/api/error';
import { readEvents, type ServerSentEvent } from './server-sent-events';

export type StreamState = 'connecting' | 'live' | 'lost';

export interface StreamObserver {
  onEvent(event: ServerSentEvent): void;
  onState(state: StreamState): void;
}

/** The server says something every 15 s: two of those missed and the connection is dead, whatever TCP believes. */
const SILENCE_MS = 35_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** Follows until `signal` fires. `lastId` is asked for at each attempt: the event to go on after. */
export async function followEvents(observer: StreamObserver, lastId: () => string, signal: AbortSignal): Promise<void> {
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    const attempt = new AbortController();
    const giveUp = () => attempt.abort();
    signal.addEventListener('abort', giveUp);
    let silence = setTimeout(giveUp, SILENCE_MS);
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(giveUp, SILENCE_MS);
    };
    try {
      const id = lastId();
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (id) headers['last-event-id'] = id;
      const response = await send('GET', '/api/v1/events', { headers, signal: attempt.signal });
      wait = FIRST_WAIT_MS;
      observer.onState('live');
      await readEvents(response, (event) => observer.onEvent(event), heard);
    } catch (error) {
      // A login that has expired has led away already; knocking on goes on slowly, for the login of another tab.
      if (toApiError(error).status === 401) wait = LONGEST_WAIT_MS;
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', giveUp);
    }
    if (signal.aborted) return;
    observer.onState('lost');
    await pause(wait * (0.75 + Math.random() / 2), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    observer.onState('connecting');
  }
}

/** Waits, unless the network or the person comes back before. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      document.removeEventListener('visibilitychange', seen);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const seen = () => {
      if (document.visibilityState === 'visible') done();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener('online', done);
    document.addEventListener('visibilitychange', seen);
    signal.addEventListener('abort', done);
  });
}
