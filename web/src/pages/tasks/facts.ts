// What a task was asked for, as rows of facts. Pure.

import type { Task } from '$/api/tasks';
import { count } from '$/format/number';
import { metricWords } from '$/tasks/scores';
import type { Fact } from '$/ui/FactRows.svelte';

const formats: Record<Task['input']['format'], string> = { csv: 'CSV', jsonl: 'JSONL', xlsx: 'Excel', text: 'text, a prompt a line', batch: 'OpenAI batch' };

export function taskFacts(task: Task): Fact[] {
  const settings = (metric: Record<string, unknown>) =>
    Object.entries(metric)
      .filter(([name]) => name !== 'kind')
      .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(', ');
  return [
    { label: 'Input', value: task.input.file?.path ?? 'Given inline', note: formats[task.input.format], isText: true },
    { label: 'Columns', value: task.input.columns.join(', ') || null },
    { label: 'Prompt', value: task.prompt ?? null, note: task.prompt ? undefined : 'The column that is the prompt, as it is' },
    { label: 'System message', value: task.system ?? null, isText: true },
    { label: 'Parameters', value: JSON.stringify(task.parameters) },
    ...task.scoring.map(
      (scoring, place): Fact => ({
        label: `Scoring ${task.scores[place]?.name ?? place + 1}`,
        value: metricWords[scoring.metric.kind] + (scoring.reference ? ` against ${scoring.reference}` : ''),
        note: settings(scoring.metric as Record<string, unknown>) || undefined,
        isText: true,
      }),
    ),
    { label: 'Rows at a time', value: count(task.concurrency) },
    { label: 'Prompt tokens', value: count(task.usage.prompt_tokens) },
    { label: 'Answer tokens', value: count(task.usage.completion_tokens) },
    { label: 'Created', value: null, at: task.created_at },
    ...(task.started_at ? [{ label: 'Started', value: null, at: task.started_at }] : []),
    ...(task.finished_at ? [{ label: 'Finished', value: null, at: task.finished_at }] : []),
    { label: 'Rows, SHA-256', value: task.input.sha256, note: 'Tasks with the same one can be compared', isNoteBelow: true, canCopy: true },
    { label: 'Id', value: task.id, canCopy: true },
  ];
}
