// The model that the draft names, read from the hub, and one that stands in for it while none is chosen.

import { untrack } from 'svelte';
import { toApiError } from '$/api/error';
import { models } from '$/api/models';
import type { Model } from '$/api/types';
import type { Draft } from './draft';

export class ChosenModel {
  value = $state.raw<Model | null>(null);
  /** Asked about while no model is chosen, so that a name taken or a quota reached shows from the start. */
  standIn = $state.raw<Model | null>(null);

  /** Call while the page initialises. `onmissing`: the model is not in the hub any more. */
  follow(draft: Draft, onmissing: () => void): void {
    $effect(() => {
      const id = draft.model;
      untrack(() => void this.#load(id, draft, onmissing));
    });
    $effect(() => {
      if (draft.model === '' && !this.standIn) void this.#findStandIn();
    });
  }

  async #load(id: string, draft: Draft, onmissing: () => void): Promise<void> {
    if (this.value?.id === id) return;
    this.value = null;
    if (id === '') return;
    try {
      const found = await models.load(id);
      if (draft.model === found.id) this.value = found;
    } catch (thrown) {
      if (draft.model === id && toApiError(thrown).status === 404) onmissing();
    }
  }

  async #findStandIn(): Promise<void> {
    try {
      const { items } = await models.list({}, { limit: 50 });
      this.standIn = items.find((candidate) => candidate.eligible) ?? null;
    } catch {
      // Without it the check begins with the choice of a model.
    }
  }
}
