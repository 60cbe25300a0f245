// The files of a session, the one written last first, with what they may take.

import { files, type FileStorage, type SessionFile } from '$/api/files';
import { Pages, joinById } from '$/api/pages.svelte';

const PAGE = 100;

export class FileList extends Pages<SessionFile> {
  readonly #session: string;
  storage = $state.raw<FileStorage | null>(null);
  protected override join = joinById<SessionFile>;

  constructor(session: string) {
    super();
    this.#session = session;
  }

  remove(path: string): void {
    this.items = this.items.filter((item) => item.path !== path);
    void this.show();
  }

  protected override async read(cursor: string | null, signal: AbortSignal) {
    const page = await files.list(this.#session, { limit: PAGE, cursor }, signal);
    if (!signal.aborted) this.storage = page.storage;
    return page;
  }
}
