// The upload of a model under way. It goes on while somebody looks at other pages of the console.

import { toApiError, type ApiError } from '$/api/error';
import type { Model } from '$/api/types';
import { uploadModel, type ImportQuery } from '$/api/upload';

/** Over which the rate is averaged. */
const WINDOW_MS = 5_000;

export class Upload {
  readonly file: File;
  readonly query: ImportQuery;
  state = $state<'sending' | 'checking' | 'done' | 'refused'>('sending');
  sent = $state(0);
  /** Bytes per second; null until it can be told. */
  rate = $state<number | null>(null);
  error = $state.raw<ApiError | null>(null);
  #abort = new AbortController();
  #marks: { at: number; sent: number }[] = [];

  constructor(file: File, query: ImportQuery) {
    this.file = file;
    this.query = query;
  }

  async run(): Promise<Model | null> {
    window.addEventListener('beforeunload', warn);
    try {
      const model = await uploadModel(this.file, this.query, (sent) => this.#note(sent), this.#abort.signal);
      this.state = 'done';
      return model;
    } catch (thrown) {
      if (!this.#abort.signal.aborted) {
        this.error = toApiError(thrown);
        this.state = 'refused';
      }
      return null;
    } finally {
      window.removeEventListener('beforeunload', warn);
    }
  }

  cancel(): void {
    this.#abort.abort();
  }

  #note(sent: number): void {
    const at = performance.now();
    this.sent = Math.min(sent, this.file.size);
    this.#marks = [...this.#marks.filter((mark) => at - mark.at < WINDOW_MS), { at, sent }];
    const first = this.#marks[0]!;
    if (at - first.at > 500) this.rate = (1_000 * (sent - first.sent)) / (at - first.at);
    // All has left: the server still writes, hashes and inspects.
    if (this.sent >= this.file.size) this.state = 'checking';
  }
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

let current = $state.raw<Upload | null>(null);
const listeners = new Set<(model: Model) => void>();

export const uploads = {
  /** One at a time: two would only share the line. */
  get current(): Upload | null {
    return current;
  },

  async start(file: File, query: ImportQuery): Promise<Model | null> {
    if (current && current.state !== 'refused') return null;
    const upload = new Upload(file, query);
    current = upload;
    const model = await upload.run();
    if (upload.state !== 'refused' && current === upload) current = null;
    if (model) for (const listener of listeners) listener(model);
    return model;
  },

  cancel(): void {
    current?.cancel();
    current = null;
  },

  /** Hears of each model added; returns the function that ends it. */
  listen(listener: (model: Model) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
