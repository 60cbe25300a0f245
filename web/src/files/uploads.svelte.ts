// Uploads into sessions. They go on while somebody looks at other pages of the console, go on by themselves after a broken
// connection, and from where they were after a reload, once the same file is chosen again.

import { files, type SessionFile } from '$/api/files';
import { toApiError, type ApiError } from '$/api/error';

/** One part: small enough that little is lost by a broken connection. */
export const PART = 4_000_000;
/** Over which the rate is averaged. */
const WINDOW_MS = 5_000;
/** Waits before the attempts after a broken connection. */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const MARK = 'viva.upload.';

export class FileUpload {
  readonly session: string;
  readonly file: File;
  readonly path: string;
  /** `waiting`: the connection broke off, and is tried again soon. */
  state = $state<'sending' | 'waiting' | 'checking' | 'done' | 'refused'>('sending');
  sent = $state(0);
  /** Bytes per second; null until it can be told. */
  rate = $state<number | null>(null);
  error = $state.raw<ApiError | null>(null);
  #abort = new AbortController();
  #marks: { at: number; sent: number }[] = [];

  constructor(session: string, file: File, path: string) {
    this.session = session;
    this.file = file;
    this.path = path;
  }

  get isOver(): boolean {
    return this.state === 'done' || this.state === 'refused';
  }

  async run(): Promise<SessionFile | null> {
    window.addEventListener('beforeunload', warn);
    this.error = null;
    this.state = 'sending';
    try {
      for (let attempt = 0; ; attempt += 1) {
        const before = this.sent;
        try {
          const file = await this.#send();
          this.state = 'done';
          forget(this);
          return file;
        } catch (thrown) {
          const error = toApiError(thrown);
          if (this.#abort.signal.aborted || !error.isOffline) throw thrown;
          // What came further begins to count anew.
          if (this.sent > before) attempt = 0;
          if (attempt >= WAITS_MS.length) throw thrown;
          this.state = 'waiting';
          this.rate = null;
          await pause(WAITS_MS[attempt]!, this.#abort.signal);
          this.state = 'sending';
        }
      }
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
    const hadBegun = this.sent > 0 && this.state !== 'done';
    this.#abort.abort();
    forget(this);
    // An upload of another size takes its place: nothing of it is left on the disk.
    if (hadBegun) void files.received(this.session, this.path, this.file.size + 1, new AbortController().signal).catch(() => {});
  }

  async #send(): Promise<SessionFile> {
    const { session, path, file } = this;
    const { signal } = this.#abort;
    let from = file.size > PART ? await this.#begin() : 0;
    for (;;) {
      const to = Math.min(file.size, from + PART);
      this.#note(from);
      const answer = await files.sendPart(session, path, file, [from, to], (sent) => this.#note(from + sent), signal);
      if (!('received' in answer)) return answer;
      from = answer.received;
    }
  }

  /** Where to go on. What another file left at this path is no beginning of this one. */
  async #begin(): Promise<number> {
    const { session, path, file } = this;
    const { signal } = this.#abort;
    const isOurs = remembered(this);
    let received = await files.received(session, path, file.size, signal);
    if (received > 0 && !isOurs) {
      await files.received(session, path, file.size + 1, signal);
      received = await files.received(session, path, file.size, signal);
    }
    remember(this);
    return received;
  }

  #note(sent: number): void {
    const at = performance.now();
    this.sent = Math.min(sent, this.file.size);
    this.#marks = [...this.#marks.filter((mark) => at - mark.at < WINDOW_MS), { at, sent }];
    const first = this.#marks[0]!;
    if (at - first.at > 500) this.rate = Math.max(0, (1_000 * (sent - first.sent)) / (at - first.at));
    // All has left: the server still writes and hashes.
    this.state = this.sent >= this.file.size && this.file.size > 0 ? 'checking' : 'sending';
  }
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

const keyOf = ({ session, path }: FileUpload) => `${MARK}${session}/${path}`;
const printOf = ({ file }: FileUpload) => `${file.size} ${file.lastModified} ${file.name}`;

/** Whether what is on the server was sent by this browser from the same file. */
function remembered(upload: FileUpload): boolean {
  try {
    return localStorage.getItem(keyOf(upload)) === printOf(upload);
  } catch {
    return false;
  }
}

function remember(upload: FileUpload): void {
  try {
    localStorage.setItem(keyOf(upload), printOf(upload));
  } catch {
    // A browser that keeps nothing: after a reload it begins anew.
  }
}

function forget(upload: FileUpload): void {
  try {
    localStorage.removeItem(keyOf(upload));
  } catch {
    // Nothing was kept.
  }
}

/** Waits, unless the network comes back before. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal.removeEventListener('abort', abort);
      resolve();
    };
    const abort = () => {
      done();
      reject(new DOMException('The upload was called off.', 'AbortError'));
    };
    const timer = setTimeout(done, ms);
    window.addEventListener('online', done);
    signal.addEventListener('abort', abort);
  });
}

let all = $state.raw<readonly FileUpload[]>([]);
const listeners = new Set<(file: SessionFile) => void>();
/** One at a time: several would only share the line. */
let line: Promise<unknown> = Promise.resolve();

async function run(upload: FileUpload): Promise<SessionFile | null> {
  const turn = line.then(() => (all.includes(upload) ? upload.run() : null));
  line = turn;
  const file = await turn;
  if (!file) return null;
  all = all.filter((other) => other !== upload);
  for (const listener of listeners) listener(file);
  return file;
}

export const fileUploads = {
  /** Of a session: under way, in line, or refused. */
  of: (session: string): readonly FileUpload[] => all.filter((upload) => upload.session === session),

  /** The file once it is there; null where it was refused or called off. */
  start(session: string, file: File, path: string): Promise<SessionFile | null> {
    // The same path again takes the place of an earlier attempt.
    for (const other of all) if (other.session === session && other.path === path) fileUploads.dismiss(other);
    const upload = new FileUpload(session, file, path);
    all = [...all, upload];
    return run(upload);
  },

  retry: (upload: FileUpload): Promise<SessionFile | null> => run(upload),

  /** Calls it off, or takes away the line that says why it was refused. */
  dismiss(upload: FileUpload): void {
    upload.cancel();
    all = all.filter((other) => other !== upload);
  },

  /** Hears of each file that has arrived; returns the function that ends it. */
  listen(listener: (file: SessionFile) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
