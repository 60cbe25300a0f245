import { expect, it } from 'vitest';
import { sendRefusal } from './refusal';

const running = { status: 'running', stopping: false } as const;

it.each([
  [{ session: running, takesMessages: true, isBusy: false, isSendable: true }, null],
  [{ session: { ...running, status: 'initializing' as const }, takesMessages: true, isBusy: false, isSendable: true }, /write now/],
  [{ session: { ...running, stopping: true }, takesMessages: true, isBusy: true, isSendable: true }, /stopping/],
  [{ session: running, takesMessages: false, isBusy: false, isSendable: true }, /no chat template/],
  [{ session: running, takesMessages: true, isBusy: true, isSendable: false }, /being written/],
  [{ session: running, takesMessages: true, isBusy: false, isSendable: false }, /out of its bounds/],
])('of %j it says %s', (situation, expected) => {
  const said = sendRefusal(situation);
  if (expected === null) expect(said).toBeNull();
  else expect(said).toMatch(expected);
});
