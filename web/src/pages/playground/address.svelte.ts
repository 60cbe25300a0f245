// The address says which conversation is open, which answer of it is chosen, and which answers of other sessions stand
// beside it: `?conversation=…&answer=…&beside=…`, or `?from=<completion>` to go on from one.

import { untrack } from 'svelte';
import { router, setQuery } from '$/router/router.svelte';
import { sessionPath } from '$/router/routes';
import type { ConversationList } from './conversation-list.svelte';
import type { OpenConversation } from './open-conversation.svelte';

/** The address's word for a conversation that has no name yet. */
export const NEW = 'new';

export class Address {
  readonly #session: string;

  readonly conversation = $derived(router.query.get('conversation'));
  readonly from = $derived(router.query.get('from'));
  // By value first: another change of the address is none of these answers.
  readonly #besideText = $derived(router.query.get('beside') ?? '');
  readonly beside = $derived(this.#besideText.split(',').filter(Boolean));

  constructor(session: string) {
    this.#session = session;
  }

  /** False while the page that somebody went on to is being loaded: its address is not this page's to change. */
  get isHere(): boolean {
    return [`/sessions/${this.#session}`, sessionPath(this.#session)].includes(router.path);
  }

  /** What the system message and the draft of the open conversation are kept under. */
  get key(): string {
    return this.conversation ?? NEW;
  }

  /** After a question was accepted: the conversation has its name now, and its newest answer is shown. */
  show(conversation: string | null): void {
    if (this.isHere) setQuery({ conversation, answer: null, from: null }, { replace: this.conversation !== NEW });
  }

  addBeside(completion: string): void {
    setQuery({ beside: [...this.beside, completion].join(',') });
  }

  removeBeside(completion: string): void {
    setQuery({ beside: this.beside.filter((other) => other !== completion).join(',') });
  }

  /** Call while the page initialises. `onopen`: another conversation is being opened. */
  follow(list: ConversationList, talk: OpenConversation, onopen: () => void): void {
    // One that says nothing leads to the newest conversation, or to a new one.
    $effect(() => {
      const [name, start] = [this.conversation, this.from];
      if (!untrack(() => this.isHere)) return;
      if (name === null && start === null) {
        if (list.isLoaded) setQuery({ conversation: untrack(() => list.items[0])?.id ?? NEW });
        return;
      }
      untrack(() => {
        onopen();
        void talk.open(name === NEW ? null : name, start);
      });
    });
    $effect(() => {
      talk.chosen = router.query.get('answer');
    });
    $effect(() => {
      const ids = this.beside;
      untrack(() => void talk.loadBeside(ids));
    });
    // An answer that names a conversation is continued in it, not in a new one.
    $effect(() => {
      const start = this.from ? talk.leaf : null;
      if (start?.id === this.from && start?.conversation && start.session_id === this.#session) {
        untrack(() => setQuery({ conversation: start.conversation!, answer: start.id, from: null }));
      }
    });
  }
}
