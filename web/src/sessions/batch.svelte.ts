// The same thing done to several sessions, one after the other, going on past what fails.

import { ApiError, toApiError } from '$/api/error';
import type { Session } from '$/api/types';

export interface Failure {
  session: Session;
  error: ApiError;
}

export class Batch<T> {
  #run: (session: Session) => Promise<T>;
  isPending = $state(false);
  done = $state.raw<readonly T[]>([]);
  failures = $state.raw<readonly Failure[]>([]);

  constructor(run: (session: Session) => Promise<T>) {
    this.#run = run;
  }

  /** True where nothing failed. */
  async run(sessions: readonly Session[]): Promise<boolean> {
    this.clear();
    this.isPending = true;
    for (const session of sessions) {
      try {
        this.done = [...this.done, await this.#run(session)];
      } catch (thrown) {
        this.failures = [...this.failures, { session, error: toApiError(thrown) }];
      }
    }
    this.isPending = false;
    return this.failures.length === 0;
  }

  clear(): void {
    this.done = [];
    this.failures = [];
  }

  /** What failed, as one error to draw; with one session its own. */
  get error(): ApiError | null {
    const [first] = this.failures;
    if (!first) return null;
    if (this.failures.length === 1 && this.done.length === 0) return first.error;
    const lines = this.failures.map(({ session, error }) => `${session.name}: ${error.message}`);
    return new ApiError(first.error.code, lines.join(' · '), first.error.status);
  }
}
