// The audit log, page by page.

import { Pages } from '$/api/pages.svelte';
import { audit, type AuditFilter } from '$/api/people';
import type { AuditEntry } from '$/api/types';

const PAGE = 100;

export class AuditList extends Pages<AuditEntry> {
  #filter: AuditFilter = {};

  override async show(filter: AuditFilter = this.#filter): Promise<void> {
    this.#filter = filter;
    this.state = 'loading';
    await super.show();
  }

  protected override read(cursor: string | null, signal: AbortSignal) {
    return audit.list(this.#filter, { limit: PAGE, cursor }, signal);
  }
}
