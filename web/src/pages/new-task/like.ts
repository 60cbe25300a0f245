// The rows of another task, for a new one like it.

import { tasks, type Task, type TaskRow } from '$/api/tasks';
import { plural } from '$/format/number';
import type { TaskDraft } from './draft.svelte';

/** Rows that are taken over as text; more are to come as a file. */
const MOST_ROWS = 2_000;

/** Puts them into the draft where that can be done; the sentence that says what was filled in. */
export async function fillRows(draft: TaskDraft, task: Task, session: string): Promise<string> {
  if (task.input.file && task.session_id === session) {
    draft.source = 'file';
    draft.file = task.input.file.path;
    draft.format = task.input.format;
    return `Filled in like “${task.name}”, on the same file.`;
  }
  draft.source = 'paste';
  const isTaken = task.input.format !== 'batch' && task.progress.invalid === 0 && task.progress.rows <= MOST_ROWS;
  if (!isTaken) return `Filled in like “${task.name}”, but for its rows: upload its file here, or paste them.`;
  const rows = await allRows(task.id);
  draft.text = rows.map((row) => `${JSON.stringify(row.input)}\n`).join('');
  draft.format = 'jsonl';
  return `Filled in like “${task.name}”, with its ${plural(rows.length, 'row')}: the two can be compared row by row.`;
}

async function allRows(id: string): Promise<TaskRow[]> {
  const rows: TaskRow[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: TaskRow[]; next_cursor?: string | null } = await tasks.rows(id, {}, { limit: 200, cursor });
    rows.push(...page.items);
    cursor = page.next_cursor ?? null;
  } while (cursor);
  return rows;
}
