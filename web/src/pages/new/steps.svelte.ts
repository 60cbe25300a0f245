// Which of the form's steps is open, as the address says, and which were left before.

import { untrack } from 'svelte';
import { navigate, router } from '$/router/router.svelte';
import { steps, type Step } from './draft';

/** The address of a step of the form as it is open. */
export function stepAddress(step: Step): string {
  const query = new URLSearchParams(router.query);
  query.set('step', step);
  return `/new?${query}`;
}

export class FormSteps {
  /** Created: the page stays at its end until the session's own is there. */
  isCreated = $state(false);
  readonly present = $derived<Step>(
    this.isCreated ? 'review' : (steps.find((known) => known === router.query.get('step')) ?? 'name'),
  );
  /** Left once: what is missing in them is an error from then on. */
  #left = $state<readonly Step[]>([]);

  hasLeft(step: Step): boolean {
    return this.#left.includes(step);
  }

  leave(step: Step): void {
    if (!this.hasLeft(step)) this.#left = [...this.#left, step];
  }

  /** The step after the present one, or before it. */
  go(by: 1 | -1): void {
    const to = steps[steps.indexOf(this.present) + by];
    if (to) navigate(stepAddress(to));
  }

  startOver(): void {
    this.#left = [];
    navigate('/new');
  }

  /** Call while the page initialises. `onarrive`: another step was gone to, by Next, by a link, by going back. */
  follow(onarrive: () => void): void {
    let before: Step | null = null;
    $effect(() => {
      const { present } = this;
      untrack(() => {
        if (before !== null && before !== present) {
          this.leave(before);
          onarrive();
        }
        before = present;
      });
    });
  }
}
