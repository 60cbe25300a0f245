// The conversation that is shown: its completions, which of its versions, what is being written, and the ways to go on.

import { completions as api, type ChatMessage } from '$/api/completions';
import { toApiError, type ApiError } from '$/api/error';
import type { Completion } from '$/api/types';
import { Follower } from './follower.svelte';
import { promptKey, systemOf, Turns, messagesOf, requestOf, type Content, type Turn } from './turns';
import { toRequest, type Parameters } from './parameters';

/** The newest completion holds the whole conversation in its messages; the others bring figures and versions. */
const FIRST_PAGE = 5;
const PAGE = 40;

/** A name for a new conversation. `crypto.randomUUID` is missing where the page came over plain HTTP. */
export function newConversationName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `conv_${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** A question on its way to the server. */
export interface Asking {
  history: ChatMessage[];
  question: Content;
}

export class OpenConversation {
  readonly #session: string;
  readonly #turns = new Turns();
  readonly #beside = new Map<string, Completion>();
  readonly follower: Follower;
  #abort = new AbortController();
  /** Moves when completions came or changed: the turns are not reactive by themselves. */
  #round = $state(0);
  #name: string | null = null;

  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<ApiError | null>(null);
  /** The version that somebody chose; null is the newest. */
  chosen = $state<string | null>(null);
  asking = $state.raw<Asking | null>(null);

  constructor(session: string) {
    this.#session = session;
    this.follower = new Follower(
      (completion) => this.#put([completion]),
      (id) => {
        this.#turns.remove(id);
        this.#round += 1;
      },
    );
  }

  readonly leaf = $derived.by<Completion | null>(() => {
    void this.#round;
    return (this.chosen ? this.#turns.end(this.chosen) : null) ?? this.#turns.newest();
  });

  readonly turns = $derived.by<Turn[]>(() => (this.leaf ? this.#turns.path(this.leaf) : []));

  /** The completions of the shown turns that are still being written. */
  readonly running = $derived(this.turns.flatMap(({ completion }) => (completion?.status === 'running' ? [completion] : [])));

  readonly isBusy = $derived(this.asking !== null || this.running.length > 0);

  /** The system message that the shown turns were asked with; null where nothing was asked yet. */
  readonly system = $derived(this.leaf ? systemOf(this.leaf) : null);

  /** Answers of other sessions to the same prompts, by prompt. */
  readonly beside = $derived.by<Map<string, Completion[]>>(() => {
    void this.#round;
    const byPrompt = new Map<string, Completion[]>();
    for (const completion of this.#beside.values()) {
      const key = promptKey(messagesOf(completion));
      byPrompt.set(key, [...(byPrompt.get(key) ?? []), completion]);
    }
    return byPrompt;
  });

  /** What its completions name as their conversation; null before the first question. */
  get name(): string | null {
    return this.#name;
  }

  /** The newest version of all: an address need not name it. */
  isNewest(id: string): boolean {
    return this.#turns.end(id)?.id === this.#turns.newest()?.id;
  }

  completion(id: string): Completion | undefined {
    return this.#turns.get(id);
  }

  /** Shows a conversation, or with `from` a new one that goes on from a completion. */
  async open(name: string | null, from: string | null = null): Promise<void> {
    // It was made here just now and is shown already.
    if (name !== null && name === this.#name) return;
    this.close();
    this.#abort = new AbortController();
    this.#name = name;
    this.error = null;
    this.asking = null;
    for (const { id } of this.#turns.all()) this.#turns.remove(id);
    this.#round += 1;
    this.state = name || from ? 'loading' : 'ready';
    const { signal } = this.#abort;
    try {
      if (from) this.#put([await api.load(from, signal)]);
      if (name) await this.#read(name, signal);
      if (!signal.aborted) this.state = 'ready';
    } catch (thrown) {
      if (signal.aborted) return;
      this.error = toApiError(thrown);
      if (this.state === 'loading') this.state = 'failed';
    }
  }

  close(): void {
    this.#abort.abort();
    this.follower.stop();
  }

  retryOpening(): void {
    const name = this.#name;
    this.#name = null;
    void this.open(name);
  }

  /** Something of it changed elsewhere: another tab asked, or the connection was lost meanwhile. */
  async refresh(): Promise<void> {
    const { signal } = this.#abort;
    if (!this.#name || this.state !== 'ready') return;
    try {
      const page = await api.list(this.#session, { conversation: this.#name }, { limit: FIRST_PAGE }, signal);
      if (!signal.aborted) this.#put(page.items);
    } catch {
      // What is shown stays; the next change asks again.
    }
  }

  /** Asks; resolves once the server owns the answer. Throws where it refused: then nothing has changed. */
  async ask(asking: Asking, system: string, parameters: Parameters): Promise<Completion> {
    this.asking = asking;
    // The name is taken before the answer comes, so that a page that shows the address does not open it again.
    const name = (this.#name ??= newConversationName());
    const { signal } = this.#abort;
    try {
      const messages = messagesFor(asking, system);
      const completion = await api.create(this.#session, { messages, ...toRequest(parameters) }, name);
      if (!signal.aborted) {
        this.chosen = null;
        this.#put([completion]);
      }
      return completion;
    } catch (thrown) {
      if (this.#turns.all().every((completion) => completion.conversation !== name)) this.#name = null;
      throw thrown;
    } finally {
      if (!signal.aborted) this.asking = null;
    }
  }

  /** Asks the same of another session; the answer stands beside this one. */
  async askBeside(session: string, turn: Turn): Promise<Completion> {
    const completion = await api.create(session, requestOf(turn.completion!), turn.completion!.conversation ?? null);
    this.#keepBeside(completion);
    return completion;
  }

  /** Shows answers of other sessions that an address names. */
  async loadBeside(ids: readonly string[]): Promise<void> {
    for (const id of this.#beside.keys()) if (!ids.includes(id)) this.#beside.delete(id);
    this.#round += 1;
    for (const id of ids) {
      if (this.#beside.has(id)) continue;
      try {
        this.#keepBeside(await api.load(id));
      } catch {
        // Deleted since: there is nothing to stand beside.
      }
    }
  }

  async cancel(): Promise<void> {
    await Promise.all(this.running.map(({ id }) => api.cancel(id)));
  }

  #keepBeside(completion: Completion): void {
    this.#beside.set(completion.id, completion);
    this.#round += 1;
    if (completion.status === 'running') this.follower.follow(completion);
  }

  #put(items: readonly Completion[]): void {
    for (const completion of items) {
      if (this.#beside.has(completion.id)) this.#beside.set(completion.id, completion);
      else {
        // A page that was on its way when the answer ended must not set it running again.
        if (completion.status === 'running' && this.#turns.get(completion.id)?.status === 'done') continue;
        this.#turns.put(completion);
      }
      if (completion.status === 'running') this.follower.follow(completion);
    }
    this.#round += 1;
  }

  async #read(conversation: string, signal: AbortSignal): Promise<void> {
    const first = await api.list(this.#session, { conversation }, { limit: FIRST_PAGE }, signal);
    if (signal.aborted) return;
    this.#put(first.items);
    this.state = 'ready';
    let cursor = first.next_cursor ?? null;
    while (cursor) {
      const page = await api.list(this.#session, { conversation }, { limit: PAGE, cursor }, signal);
      if (signal.aborted) return;
      this.#put(page.items);
      cursor = page.next_cursor ?? null;
    }
  }
}

/** All messages of a request. */
export function messagesFor({ history, question }: Asking, system: string): ChatMessage[] {
  const first: ChatMessage[] = system.trim() ? [{ role: 'system', content: system }] : [];
  return [...first, ...history, { role: 'user', content: question }];
}
