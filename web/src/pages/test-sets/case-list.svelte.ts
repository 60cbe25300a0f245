// The cases of a test set in their order.

import { Pages } from '$/api/pages.svelte';
import { testSets, type TestCase } from '$/api/test-sets';

const PAGE = 100;
const MOST = 200;

export class CaseList extends Pages<TestCase> {
  readonly #set: string;

  constructor(set: string) {
    super();
    this.#set = set;
  }

  /** Read again, as many as are shown, as far as one page goes. */
  protected override read(cursor: string | null, signal: AbortSignal) {
    const limit = cursor ? PAGE : Math.min(MOST, Math.max(PAGE, this.items.length));
    return testSets.cases(this.#set, { limit, cursor }, signal);
  }
}
