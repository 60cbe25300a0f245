// What a task's status is called and how far it has come, in one place.

import type { RowState, Task, TaskStatus } from '$/api/tasks';
import { count, percent, plural } from '$/format/number';
import type { Colour, Shape } from '$/ui/Glyph.svelte';

const words: Record<TaskStatus, string> = { queued: 'Queued', running: 'Running', done: 'Done', cut: 'Cut', failed: 'Failed' };

/** How each is drawn: ring, arc, square, half a square, triangle. */
export const taskGlyph: Record<TaskStatus, { shape: Shape; colour: Colour }> = {
  queued: { shape: 'ring', colour: 'initializing' },
  running: { shape: 'arc', colour: 'running' },
  done: { shape: 'square', colour: 'stopped' },
  cut: { shape: 'half', colour: 'warn' },
  failed: { shape: 'triangle', colour: 'failed' },
};

export const taskWord = (status: TaskStatus): string => words[status];

export function isOver({ status }: Pick<Task, 'status'>): boolean {
  return status === 'done' || status === 'cut' || status === 'failed';
}

const SUMMING_MS = 60_000;

/** Just over, and its scores are still being summed up. `now` in milliseconds since 1970. */
export function isSummingUp(task: Pick<Task, 'status' | 'scoring' | 'scores' | 'finished_at'>, now: number): boolean {
  const isFresh = task.finished_at != null && now - Date.parse(task.finished_at) < SUMMING_MS;
  return isOver(task) && isFresh && task.scoring.length > 0 && task.scores.length === 0;
}

/** What its scorings are called, before there is a score, too. */
export function scoringNames(task: Pick<Task, 'scoring' | 'scores'>): string[] {
  return task.scores.length > 0 ? task.scores.map(({ name }) => name) : task.scoring.map(({ name, metric }) => name ?? metric.kind);
}

/** From 0 to 1: the rows of which nothing more will come. */
export function share({ progress }: Pick<Task, 'progress'>): number {
  return progress.rows === 0 ? 0 : (progress.rows - progress.left) / progress.rows;
}

/** The status with what it is at: `Running 63 %`. */
export function taskText(task: Pick<Task, 'status' | 'progress'>): string {
  return task.status === 'running' ? `${words.running} ${percent(share(task))}` : words[task.status];
}

/** `180 of 200 done, 2 failed, 1 invalid, 17 left`, without what is none. */
export function progressText({ progress }: Pick<Task, 'progress'>): string {
  const parts = [`${count(progress.done)} of ${plural(progress.rows, 'row')} done`];
  if (progress.failed > 0) parts.push(`${count(progress.failed)} failed`);
  if (progress.invalid > 0) parts.push(`${count(progress.invalid)} invalid`);
  if (progress.left > 0) parts.push(`${count(progress.left)} left`);
  return parts.join(', ');
}

export const stateWords: Record<RowState, string> = { pending: 'To come', done: 'Done', failed: 'Failed', invalid: 'Invalid' };
