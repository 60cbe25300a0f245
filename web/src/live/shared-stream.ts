// One event stream for all tabs of a browser. HTTP/1.1 allows six connections per site: a stream per tab would use them up
// and leave none for the answers. The tab that holds the lock follows the server and passes on what it hears; when it is
// closed, the lock falls to another, which goes on after the last event that it heard.

import { followEvents, type StreamObserver, type StreamState } from './event-stream';
import type { ServerSentEvent } from './server-sent-events';

type Message = { kind: 'event'; event: ServerSentEvent } | { kind: 'state'; state: StreamState } | { kind: 'hello' };

const NAME = 'viva-events';

/** Follows the events until the returned function is called. */
export function shareEvents(observer: StreamObserver): () => void {
  const stop = new AbortController();
  let lastId = '';
  const heard = (event: ServerSentEvent) => {
    if (event.id) lastId = event.id;
    observer.onEvent(event);
  };

  // Locks need a secure context; loopback is one, plain HTTP from elsewhere is not: there each tab follows by itself.
  if (!('locks' in navigator) || !('BroadcastChannel' in window)) {
    void followEvents({ onEvent: heard, onState: (state) => observer.onState(state) }, () => lastId, stop.signal);
    return () => stop.abort();
  }

  const channel = new BroadcastChannel(NAME);
  let isLeader = false;
  let state: StreamState = 'connecting';
  const tell = (message: Message) => {
    if (!stop.signal.aborted) channel.postMessage(message);
  };

  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'hello') {
      if (isLeader) tell({ kind: 'state', state });
    } else if (isLeader) {
      // An echo of a leader that is on its way out.
    } else if (data.kind === 'event') {
      heard(data.event);
    } else {
      observer.onState(data.state);
    }
  };
  tell({ kind: 'hello' });

  const lead = () => {
    isLeader = true;
    const onEvent = (event: ServerSentEvent) => {
      heard(event);
      tell({ kind: 'event', event });
    };
    const onState = (next: StreamState) => {
      state = next;
      observer.onState(next);
      tell({ kind: 'state', state: next });
    };
    return followEvents({ onEvent, onState }, () => lastId, stop.signal);
  };
  navigator.locks.request(NAME, { signal: stop.signal }, lead).catch(() => {
    // Aborted while waiting for the lock.
  });

  return () => {
    stop.abort();
    channel.close();
  };
}
