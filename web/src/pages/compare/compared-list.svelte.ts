// The rows of compared tasks.

import { comparisons, type ComparedFilter, type ComparedRow } from '$/api/comparisons';
import { Pages } from '$/api/pages.svelte';

const PAGE = 100;

export class ComparedList extends Pages<ComparedRow> {
  readonly #tasks: readonly string[];
  #filter: ComparedFilter = {};

  constructor(tasks: readonly string[]) {
    super();
    this.#tasks = tasks;
  }

  override async show(filter: ComparedFilter = this.#filter): Promise<void> {
    this.#filter = filter;
    this.state = 'loading';
    await super.show();
  }

  protected override read(cursor: string | null, signal: AbortSignal) {
    return comparisons.rows(this.#tasks, this.#filter, { limit: PAGE, cursor }, signal);
  }
}
