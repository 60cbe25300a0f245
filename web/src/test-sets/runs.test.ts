import { expect, it } from 'vitest';
import type { Task } from '$/api/tasks';
import { sinceLastRun } from './runs';

const run = (id: string, status: Task['status'], sha256: string, resumed_by: string | null = null) => ({ id, status, resumed_by, input: { sha256 } }) as Task;

it('a run that is not over is no last run', () => {
  const [now, last, before] = [run('3', 'running', 'a'), run('2', 'done', 'a'), run('1', 'cut', 'a')];
  expect(sinceLastRun([now, last, before])).toEqual({ kind: 'pair', last, before });
});

it('runs of other cases are passed over, and said to be other ones', () => {
  const [last, other, before] = [run('3', 'done', 'b'), run('2', 'done', 'a'), run('1', 'done', 'b')];
  expect(sinceLastRun([last, other, before])).toEqual({ kind: 'pair', last, before });
  expect(sinceLastRun([last, other])).toEqual({ kind: 'changed', last });
});

it('one run has nothing before it, and what was gone on with is no run of its own', () => {
  const [last, part] = [run('2', 'done', 'a'), run('1', 'cut', 'a', '2')];
  expect(sinceLastRun([last, part])).toEqual({ kind: 'single', last });
  expect(sinceLastRun([])).toEqual({ kind: 'single', last: null });
});
