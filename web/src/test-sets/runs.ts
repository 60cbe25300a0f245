// The runs of a test set: which two of them show what got better and what got worse. Pure.

import type { Task } from '$/api/tasks';
import { isOver } from '$/tasks/status';

type Run = Pick<Task, 'id' | 'status' | 'input' | 'resumed_by'>;

export type Since<T> =
  | { kind: 'pair'; last: T; before: T }
  /** Nothing was run to its end yet, or once only. */
  | { kind: 'single'; last: T | null }
  /** Every earlier run had other cases. */
  | { kind: 'changed'; last: T };

/** The last run that is over, and the newest before it that asked the same cases. `runs`: newest first. */
export function sinceLastRun<T extends Run>(runs: readonly T[]): Since<T> {
  // A run that was gone on with is a part of the one that goes on.
  const over = runs.filter((run) => isOver(run) && !run.resumed_by);
  const [last, ...earlier] = over;
  if (!last || earlier.length === 0) return { kind: 'single', last: last ?? null };
  const before = earlier.find((run) => run.input.sha256 === last.input.sha256);
  return before ? { kind: 'pair', last, before } : { kind: 'changed', last };
}
