// What stands in the way of a creation, each at its field: what the server said, else what is missing.

import type { ApiError, FieldError } from '$/api/error';
import { sentence } from '$/format/text';
import type { Check } from './check.svelte';
import { gapsOf, stepOf, type Draft, type Step } from './draft';
import type { FormSteps } from './steps.svelte';

export interface Fault {
  field: string;
  step: Step;
  message: string;
}

const fields = [
  'name', 'description', 'model',
  'stop.after_seconds', 'stop.at', 'stop.max_interactions', 'stop.idle_seconds', 'stop.max_tokens',
  'engine.context_length', 'engine.parallel',
];

export class Faults {
  readonly #draft: Draft;
  readonly #check: Check;
  readonly #steps: FormSteps;

  constructor(draft: Draft, check: Check, steps: FormSteps) {
    this.#draft = draft;
    this.#check = check;
    this.#steps = steps;
  }

  /** What is missing, whether its step was left or not. */
  readonly gaps = $derived.by(() => gapsOf(this.#draft));

  readonly all = $derived.by(() =>
    fields.flatMap((field): Fault[] => {
      const message = this.of(field);
      return message ? [{ field, step: stepOf(field)!, message }] : [];
    }),
  );

  /** What belongs to no field: the quota, the machine's memory, a lost connection. */
  readonly general = $derived.by<ApiError | null>(() => {
    const { error } = this.#check;
    return error && error.fields.length === 0 ? error : null;
  });

  /** The error of a field; what is missing is one once its step was left. */
  of(field: string): string | null {
    const refusal = this.#check.error;
    if (field === 'memory') return refusal?.code === 'memory_exceeded' ? refusal.message : null;
    // A stand-in's criteria are not this session's.
    const said = field === 'model' && this.#draft.model === '' ? undefined : refusal?.field(field);
    if (said) return wordsOf(said);
    const owner = stepOf(field);
    return owner && (this.#steps.hasLeft(owner) || this.#steps.present === 'review') ? (this.gaps[field] ?? null) : null;
  }

  isAt(step: Step): boolean {
    return this.all.some((found) => found.step === step) || (step === 'stop' && this.general?.code === 'memory_exceeded');
  }

  isDone(step: Step): boolean {
    return !this.isAt(step) && (step === 'model' ? this.#draft.model !== '' : this.#steps.hasLeft(step));
  }
}

/** The server's words; of instants, which it names in UTC, our own. */
function wordsOf({ field, code, message }: FieldError): string {
  if (field === 'stop.at' && code === 'in_the_past') return 'This time has passed; give a later one.';
  if (field === 'stop.at' && code === 'out_of_range') return 'This is further ahead than a session may last; give an earlier time.';
  return sentence(message);
}
