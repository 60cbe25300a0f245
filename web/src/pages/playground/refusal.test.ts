import { expect, it } from 'vitest';
import { sendRefusal } from './refusal';

const running = { status: 'running', stopping: false } as const;

it.each([
  [{ session: running, isBusy: false, isSendable: true }, null],
  [{ session: { ...running, status: 'initializing' as const }, isBusy: false, isSendable: true }, /write now/],
  [{ session: { ...running, stopping: true }, isBusy: true, isSendable: true }, /stopping/],
  [{ session: running, isBusy: true, isSendable: false }, /being written/],
  [{ session: running, isBusy: false, isSendable: false }, /out of its bounds/],
])('of %j it says %s', (situation, expected) => {
  const said = sendRefusal(situation);
  if (expected === null) expect(said).toBeNull();
  else expect(said).toMatch(expected);
});
