// Which dialog about a task is open.

import type { Task } from '$/api/tasks';

export type TaskDialog = 'resume' | 'again' | 'delete' | 'compare';

export class TaskDialogState {
  kind = $state<TaskDialog | null>(null);
  task = $state.raw<Task | null>(null);

  ask(kind: TaskDialog, task: Task): void {
    this.task = task;
    this.kind = kind;
  }

  close(): void {
    this.kind = null;
  }
}
