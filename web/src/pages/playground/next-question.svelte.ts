// The question that a person is writing: its words and pictures, the system message it goes with, and the request that
// it comes to. What the server refused comes back to where it was written.

import type { ChatRequest } from '$/api/completions';
import { toApiError, type ApiError } from '$/api/error';
import { NEW } from './address.svelte';
import type { Kept } from './kept.svelte';
import { messagesFor, type OpenConversation } from './open-conversation.svelte';
import { toRequest } from './parameters';
import type { ContentPart } from './pictures';
import { contentText, historyAfter, type Content, type Turn } from './turns';

export class NextQuestion {
  readonly #kept: Kept;
  readonly #talk: OpenConversation;
  readonly #conversation: () => string;

  pictures = $state.raw<ContentPart[]>([]);
  error = $state.raw<ApiError | null>(null);

  constructor(kept: Kept, talk: OpenConversation, conversation: () => string) {
    this.#kept = kept;
    this.#talk = talk;
    this.#conversation = conversation;
  }

  get system(): string {
    return this.#kept.system[this.#conversation()] ?? this.#talk.system ?? '';
  }

  set system(value: string) {
    this.#kept.system = { ...this.#kept.system, [this.#conversation()]: value };
  }

  readonly #content = $derived.by<Content>(() => {
    const { draft } = this.#kept;
    if (this.pictures.length === 0) return draft;
    return [...(draft.trim() ? [{ type: 'text' as const, text: draft }] : []), ...this.pictures];
  });

  /** What the model would read. */
  readonly messages = $derived.by(() => {
    const history = historyAfter(this.#talk.turns);
    const isEmpty = contentText(this.#content).trim() === '' && this.pictures.length === 0;
    return isEmpty
      ? messagesFor({ history, question: '' }, this.system).slice(0, -1)
      : messagesFor({ history, question: this.#content }, this.system);
  });

  readonly request = $derived.by<ChatRequest>(() => ({ messages: this.messages, ...toRequest(this.#kept.parameters) }));

  /** As code: the message being written, else the last question; a request that ends with an answer asks nothing. */
  readonly asCode = $derived.by<ChatRequest>(() => {
    const last = this.#talk.turns.at(-1);
    if (this.messages.at(-1)?.role === 'user' || !last) return this.request;
    return { ...this.request, messages: messagesFor({ history: last.history, question: last.question }, this.system) };
  });

  /** Takes what is written; `ask` answers false where the server refused. */
  async send(ask: (history: Turn['history'], question: Content) => Promise<boolean>): Promise<void> {
    const [draft, pictures, content] = [this.#kept.draft, this.pictures, this.#content];
    this.#kept.draft = '';
    this.pictures = [];
    if (await ask(historyAfter(this.#talk.turns), content)) return;
    // Nothing typed is lost by a refusal, nor is what was typed since.
    if (this.#kept.draft === '') this.#kept.draft = draft;
    if (this.pictures.length === 0) this.pictures = pictures;
  }

  /** False where the server refused. */
  async ask(history: Turn['history'], question: Content): Promise<boolean> {
    this.error = null;
    const conversation = this.#conversation();
    try {
      await this.#talk.ask({ history, question }, this.system, $state.snapshot(this.#kept.parameters));
    } catch (thrown) {
      this.error = toApiError(thrown);
      return false;
    }
    // What was sent is the conversation's; what was typed for it need not be kept.
    const { [conversation]: _, [NEW]: __, ...rest } = this.#kept.system;
    this.#kept.system = rest;
    return true;
  }
}
