// A row's prompt and its reference, from what the task says of them. Pure.

import type { Task, TaskRow } from '$/api/tasks';
import { promptColumn, rendered } from './template';

type Asked = Pick<Task, 'prompt' | 'input'>;

/** A value of a column as it goes into a prompt. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What was asked in a row, on one line or several; the server has the whole request with the completion. */
export function questionOfRow(row: Pick<TaskRow, 'input'>, task: Asked): string {
  const input = row.input as Record<string, unknown> | null;
  if (!input) return '';
  if (Array.isArray(input['messages'])) return lastMessage(input['messages']);
  if (task.input.format === 'batch') return valueText(input['prompt'] ?? input);
  const columns = Object.keys(input);
  if (task.prompt) return rendered(task.prompt, columns, columns.map((name) => valueText(input[name])));
  const own = promptColumn(columns);
  return own ? valueText(input[own]) : columns.map((name) => `${name}: ${valueText(input[name])}`).join('\n');
}

/** What is expected of a row, by the columns that its scorings compare with. */
export function expectations(row: Pick<TaskRow, 'input'>, task: Pick<Task, 'scoring'>): { column: string; value: string }[] {
  const input = row.input as Record<string, unknown> | null;
  const columns = [...new Set(task.scoring.flatMap((scoring) => scoring.reference ?? []))];
  return columns.filter((column) => input !== null && column in input).map((column) => ({ column, value: valueText(input![column]) }));
}

function lastMessage(messages: unknown[]): string {
  const asked = messages.findLast((message) => (message as { role?: string } | null)?.role === 'user') as { content?: unknown } | undefined;
  return valueText(asked?.content ?? messages);
}
