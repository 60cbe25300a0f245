// A searched list of models.

import { models, type ModelFilter } from '$/api/models';
import { Pages } from '$/api/pages.svelte';
import type { Model } from '$/api/types';

const PAGE = 50;

export class ModelList extends Pages<Model> {
  #filter: ModelFilter = {};

  override async show(filter: ModelFilter = this.#filter): Promise<void> {
    this.#filter = filter;
    this.state = 'loading';
    await super.show();
  }

  protected override read(cursor: string | null, signal: AbortSignal) {
    return models.list(this.#filter, { limit: PAGE, cursor }, signal);
  }
}
