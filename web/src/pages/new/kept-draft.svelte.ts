// The draft of this tab, kept over a reload, and the key that makes a submission sent twice one session.

import { newKey } from '$/api/key';
import type { CreateSession } from '$/api/types';
import { empty, isEmpty, type Draft } from './draft';

interface Kept {
  draft: Draft;
  /** What the form was opened for: the same address finds what was typed, another one begins anew. */
  origin: string;
  /** Of the last submission: it and its key, for sending the very same again after a lost answer. */
  sent: { body: string; key: string } | null;
}

const STORAGE = 'viva.new-session';

function read(): Kept | null {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORAGE) ?? 'null') as Kept | null;
    return kept && { ...kept, draft: { ...empty, ...kept.draft } };
  } catch {
    return null;
  }
}

export class KeptDraft {
  #kept = read();
  /** Whether there was a draft of this tab. */
  readonly isRestored = this.#kept !== null && !isEmpty(this.#kept.draft);
  draft = $state<Draft>({ ...(this.#kept?.draft ?? empty) });
  #origin = this.#kept?.origin ?? '';
  #sent = this.#kept?.sent ?? null;

  get origin(): string {
    return this.#origin;
  }

  /** What it was opened for holds no more: opened for that again, it is filled in again. */
  dropOrigin(): void {
    this.#origin = '';
    this.save();
  }

  replace(draft: Draft, origin: string): void {
    this.#origin = origin;
    Object.assign(this.draft, draft);
    this.save();
  }

  /** The key for a request: the last one's where it is the same, so that it cannot be carried out twice. */
  keyFor(request: CreateSession): string {
    const body = JSON.stringify(request);
    if (this.#sent?.body !== body) this.#sent = { body, key: newKey() };
    this.save();
    return this.#sent.key;
  }

  save(): void {
    const kept: Kept = { draft: $state.snapshot(this.draft), origin: this.#origin, sent: this.#sent };
    try {
      sessionStorage.setItem(STORAGE, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing: the draft lasts as long as the page.
    }
  }

  clear(): void {
    Object.assign(this.draft, empty);
    this.forget();
  }

  /** What is typed stays on the page, and is not there again when it is opened anew. */
  forget(): void {
    this.#sent = null;
    this.#origin = '';
    try {
      sessionStorage.removeItem(STORAGE);
    } catch {
      // Nothing was kept.
    }
  }
}
