// What can be done with a task, and why not where it cannot. Pure; dialogs and pages do it.

import { tasks as api, type Task, type TaskFormat } from '$/api/tasks';
import { isOver } from './status';

/** Null where it can be cancelled. */
export const cancelRefusal = (task: Task): string | null => (isOver(task) ? 'It is over already' : null);

/** Null where it can be gone on with. */
export function resumeRefusal(task: Task): string | null {
  if (task.resumed_by) return 'It was resumed already';
  if (task.status !== 'cut') return isOver(task) ? 'Only a task that was cut can be resumed' : 'It goes on by itself';
  return null;
}

/** Null where it can be deleted. */
export const deleteRefusal = (task: Task): string | null => (isOver(task) ? null : 'Cancel it first');

/** Null where it can be compared. */
export const compareRefusal = (task: Task): string | null => (isOver(task) ? null : 'Once it is over');

export const exportFormats: readonly (readonly [TaskFormat, string])[] = [
  ['xlsx', 'Excel (.xlsx)'],
  ['jsonl', 'JSONL'],
  ['csv', 'CSV'],
  ['junit', 'JUnit XML'],
];

export function download(task: Task, format: TaskFormat): void {
  const link = document.createElement('a');
  link.href = api.exportAddress(task.id, format);
  link.download = '';
  link.click();
}
