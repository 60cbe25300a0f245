// What is shown, as a file: a JSON object a line. Pure, but for the saving.

import type { ComparedRow } from '$/api/comparisons';
import type { Task } from '$/api/tasks';
import { letter } from './words';

interface Named {
  choice: string | null;
}

/** `votes` by row, where there are any. */
export function exported(rows: readonly ComparedRow[], tasks: readonly Task[], votes: ReadonlyMap<number, Named> = new Map()): string {
  const lines = rows.map((row) => ({
    row: row.number + 1,
    input: row.input,
    difference: row.difference ?? null,
    answers: row.answers.map((answer, place) => ({
      task: tasks[place]!.id,
      name: tasks[place]!.name,
      letter: letter(place),
      response: answer?.response ?? null,
      error: answer?.error ?? null,
      scores: Object.fromEntries(
        Object.entries(answer?.scores ?? {}).map(([name, score]) => [name, score.status === 'scored' ? score.value : null]),
      ),
    })),
    ...(votes.has(row.number) ? { vote: votes.get(row.number)!.choice ?? 'tie' } : {}),
  }));
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

export function saveText(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }));
  link.download = name.replace(/[^\p{L}\p{N}._ -]/gu, '_');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
