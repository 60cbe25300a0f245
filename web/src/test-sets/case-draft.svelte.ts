// A case as it is typed: the conversation up to what is to be answered, and what is expected.

import type { TestCase } from '$/api/test-sets';

export type Role = 'system' | 'user' | 'assistant';

export interface DraftMessage {
  key: number;
  role: string;
  text: string;
  /** Of several parts, images among them: kept as it is, not edited. */
  parts: unknown[] | null;
}

type Sent = Record<string, unknown>;

let keys = 0;

function typed(message: Sent): DraftMessage {
  const { role, content } = message;
  return {
    key: (keys += 1),
    role: typeof role === 'string' ? role : 'user',
    text: typeof content === 'string' ? content : '',
    parts: Array.isArray(content) ? content : null,
  };
}

export class CaseDraft {
  messages = $state<DraftMessage[]>([]);
  expected = $state('');
  /** What each message had beside role and content stays with it. */
  #sent = new Map<number, Sent>();

  /** From what was sent and what came back, or what a case holds; nothing: an empty question. */
  fill(messages: readonly unknown[] = [], expected: string | null = null): void {
    const sent = messages.length > 0 ? (messages as Sent[]) : [{ role: 'user', content: '' }];
    this.#sent.clear();
    this.messages = sent.map((message) => {
      const draft = typed(message);
      this.#sent.set(draft.key, message);
      return draft;
    });
    this.expected = expected ?? '';
  }

  /** After the last message: who speaks next. */
  add(): void {
    const role: Role = this.messages.at(-1)?.role === 'user' ? 'assistant' : 'user';
    this.messages.push(typed({ role, content: '' }));
  }

  remove(key: number): void {
    this.messages = this.messages.filter((message) => message.key !== key);
  }

  /** Null where it can be sent. */
  get gap(): string | null {
    const isAsked = this.messages.some(({ role, text, parts }) => role === 'user' && (parts !== null || text.trim() !== ''));
    return isAsked ? null : 'A case needs a message of the user.';
  }

  /** Nothing expected is null: an empty answer is expected of nobody. */
  get request(): Pick<TestCase, 'messages'> & { expected: string | null } {
    const messages = this.messages
      .filter(({ text, parts }) => parts !== null || text.trim() !== '')
      .map(({ key, role, text, parts }) => ({ ...this.#sent.get(key), role, content: parts ?? text }));
    return { messages: messages as unknown as TestCase['messages'], expected: this.expected.trim() === '' ? null : this.expected };
  }
}
