// What stands in the way of a task, each at its field: what is missing, else what the server said.

import type { ApiError } from '$/api/error';
import { sentence } from '$/format/text';
import type { TaskDraft } from './draft.svelte';

/** Parts of the request that have a field in the form. */
const drawn = ['input', 'prompt', 'system', 'scoring', 'parameters', 'concurrency', 'name'];

const isWithin = (field: string, part: string) => field === part || field.startsWith(`${part}.`) || field.startsWith(`${part}[`);

/** Without the field's own name: it stands there. */
const wordsOf = (message: string) => sentence(message.replace(/^`[^`]+`: /, ''));

export class TaskRefusal {
  readonly #draft: TaskDraft;
  error = $state.raw<ApiError | null>(null);
  /** Gaps are said once somebody has tried. */
  isTried = $state(false);

  constructor(draft: TaskDraft) {
    this.#draft = draft;
  }

  readonly gaps = $derived.by<Record<string, string>>(() => (this.isTried ? this.#draft.gaps : {}));
  readonly hasGaps = $derived.by(() => Object.keys(this.gaps).length > 0);

  /** What belongs to no field of the form. */
  readonly general = $derived.by(() => {
    const { error } = this;
    const isDrawn = error !== null && error.fields.length > 0 && error.fields.every(({ field }) => drawn.some((part) => isWithin(field, part)));
    return isDrawn ? null : error;
  });

  /** In a sentence, for beside the button: the field may be far above. */
  readonly summary = $derived.by(() => (this.error && !this.general ? wordsOf(this.error.fields[0]?.message ?? this.error.message) : null));

  /** For the panel of parameters, by their own names. */
  readonly parameters = $derived.by(() => {
    const { error } = this;
    const start = 'parameters.';
    const fields = (error?.fields ?? []).flatMap((one) =>
      one.field.startsWith(start) ? [{ ...one, field: one.field.slice(start.length), message: wordsOf(one.message) }] : [],
    );
    return error && fields.length > 0 ? (Object.assign(Object.create(error), { fields }) as ApiError) : null;
  });

  /** What is wrong with a field, or with anything below it. */
  of(field: string): string | null {
    const said = this.error?.fields.find((one) => isWithin(one.field, field));
    return this.gaps[field] ?? (said ? wordsOf(said.message) : null);
  }

  /** What is wrong with a field itself. */
  at(field: string): string | null {
    const said = this.error?.fields.find((one) => one.field === field);
    return said ? wordsOf(said.message) : null;
  }

  clear(): void {
    this.error = null;
    this.isTried = false;
  }
}
