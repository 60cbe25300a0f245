// What a screen reader is told of the answers: that one begins and that it is over, not each word.

import { plural } from '$/format/number';
import type { Completion } from '$/api/types';
import { ending } from '$/completions/ending';

/** Call while a component initialises; gives the sentence for a `role="status"`. */
export function announce(completion: () => Completion | null): { readonly text: string } {
  let text = $state('');
  let running: string | null = null;
  $effect(() => {
    const present = completion();
    if (!present) return;
    if (present.status === 'running') {
      if (running !== present.id) text = 'The model is answering';
      running = present.id;
    } else if (running === present.id) {
      running = null;
      text = `The answer is over: ${ending(present)?.words ?? 'done'}, ${plural(present.usage.completion_tokens, 'token')}`;
    }
  });
  return {
    get text() {
      return text;
    },
  };
}
