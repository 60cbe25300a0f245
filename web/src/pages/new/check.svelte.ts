// What the server makes of the form as it stands: asked again a moment after each change.

import { toApiError, type ApiError } from '$/api/error';
import { sessions } from '$/api/sessions';
import type { CreateSession, SessionCheck } from '$/api/types';

const WAIT_MS = 250;

export class Check {
  /** The last good answer; old where `error` is set. */
  result = $state.raw<SessionCheck | null>(null);
  /** What creating would be refused for, or was. */
  error = $state.raw<ApiError | null>(null);
  isPending = $state(false);

  /** Asks after a short rest; returns the function that calls it off. */
  ask(request: CreateSession): () => void {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      this.isPending = true;
      sessions
        .check(request, abort.signal)
        .then((result) => {
          if (abort.signal.aborted) return;
          this.result = result;
          this.error = null;
        })
        .catch((thrown: unknown) => {
          if (!abort.signal.aborted) this.error = toApiError(thrown);
        })
        .finally(() => {
          if (!abort.signal.aborted) this.isPending = false;
        });
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
      this.isPending = false;
    };
  }
}
