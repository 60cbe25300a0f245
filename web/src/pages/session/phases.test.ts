import { expect, it } from 'vitest';
import { startSentence, startSteps } from './phases';

it('marks what is done, what is under way with its figure, and what is ahead', () => {
  const steps = startSteps({ phase: 'loading', progress: 0.637, queue_position: null });
  expect(steps.map((step) => step.state)).toEqual(['done', 'done', 'present', 'ahead', 'ahead']);
  expect(steps.map((step) => step.figure)).toEqual([null, null, '63\u00a0%', null, null]);
});

it('says the place in the queue only where there is one', () => {
  expect(startSteps({ phase: 'queued', progress: null, queue_position: 2 })[0]!.figure).toBe('place 2');
  expect(startSentence({ phase: 'queued', progress: null, queue_position: 2 })).toContain('another session');
  expect(startSentence({ phase: 'queued', progress: null, queue_position: null })).toBe('It is about to start.');
});
