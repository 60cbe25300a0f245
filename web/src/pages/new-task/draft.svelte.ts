// What is typed into the form for a task, kept by this tab over a reload and a refusal, and the request that it makes.

import { newKey } from '$/api/key';
import type { CreateTask, Format, Task } from '$/api/tasks';
import { fromUnknown, toRequest, type Parameters, type Purpose } from '$/pages/playground/parameters';
import { draftOf, newScoring, scoringGaps, scoringOf, type ScoringDraft } from './scoring';

export type Source = 'file' | 'paste';

interface Stored {
  name: string;
  source: Source;
  file: string;
  text: string;
  format: Format | '';
  prompt: string;
  system: string;
  parameters: Parameters;
  purpose: Purpose;
  scorings: ScoringDraft[];
  concurrency: number | null;
  /** The task that it was filled in like. */
  like: string;
  sent: { body: string; key: string } | null;
}

const STORAGE = 'viva.new-task.';
const WRITE_AFTER_MS = 250;

/** Answers that are to be judged are the likeliest ones, unless somebody says otherwise. */
const greedy = (): Parameters => ({ ...fromUnknown(null), temperature: 0 });

function read(session: string): Partial<Stored> {
  try {
    return (JSON.parse(sessionStorage.getItem(STORAGE + session) ?? '{}') ?? {}) as Partial<Stored>;
  } catch {
    return {};
  }
}

/** Make it while a component initialises. */
export class TaskDraft {
  name = $state('');
  source = $state<Source>('file');
  file = $state('');
  text = $state('');
  format = $state<Format | ''>('');
  prompt = $state('');
  system = $state('');
  parameters = $state<Parameters>(greedy());
  purpose = $state<Purpose>('own');
  scorings = $state<ScoringDraft[]>([]);
  concurrency = $state<number | null>(null);
  like = $state('');
  isSent = false;
  /** By a person, not by what is at hand. */
  isSourceChosen = false;
  readonly isRestored: boolean;
  #sent: Stored['sent'];
  readonly #session: string;

  /** As the playground's panel of parameters wants it. */
  readonly forPanel = (() => {
    const draft = this;
    return {
      get parameters() {
        return draft.parameters;
      },
      set parameters(parameters: Parameters) {
        draft.parameters = parameters;
      },
      get purpose() {
        return draft.purpose;
      },
      set purpose(purpose: Purpose) {
        draft.purpose = purpose;
      },
      draft: '',
      system: {},
    };
  })();

  constructor(session: string) {
    this.#session = session;
    const stored = read(session);
    this.isRestored = Object.keys(stored).length > 0;
    this.name = stored.name ?? '';
    this.source = stored.source ?? 'file';
    this.file = stored.file ?? '';
    this.text = stored.text ?? '';
    this.format = stored.format ?? '';
    this.prompt = stored.prompt ?? '';
    this.system = stored.system ?? '';
    this.parameters = stored.parameters ? fromUnknown(stored.parameters) : greedy();
    this.purpose = stored.purpose ?? 'own';
    this.scorings = (stored.scorings ?? []).map((scoring) => ({ ...newScoring(), ...scoring, key: newScoring().key }));
    this.concurrency = stored.concurrency ?? null;
    this.like = stored.like ?? '';
    this.#sent = stored.sent ?? null;

    let timer: ReturnType<typeof setTimeout> | undefined;
    let isFirst = true;
    let isDirty = false;
    const write = () => {
      clearTimeout(timer);
      if (isDirty && !this.isSent) this.#write();
    };
    $effect(() => {
      void JSON.stringify(this.#snapshot());
      if (isFirst) {
        isFirst = false;
        return;
      }
      isDirty = true;
      clearTimeout(timer);
      timer = setTimeout(write, WRITE_AFTER_MS);
    });
    // A reload does not wait for the timer.
    $effect(() => {
      window.addEventListener('pagehide', write);
      return () => {
        window.removeEventListener('pagehide', write);
        write();
      };
    });
  }

  /** What is missing before the server can be asked, by the field of the request. */
  get gaps(): Record<string, string> {
    const gaps: Record<string, string> = {};
    if (this.source === 'file' && this.file === '') gaps['input.file'] = 'Choose a file, or paste the rows.';
    if (this.source === 'paste' && this.text.trim() === '') gaps['input.text'] = 'Paste the rows, or choose a file.';
    for (const [place, scoring] of this.scorings.entries()) {
      for (const [field, words] of Object.entries(scoringGaps(scoring))) gaps[`scoring[${place}].${field}`] = words;
    }
    return gaps;
  }

  /** Call it without gaps. `told`: how the rows are written as their beginning tells; a file's name may tell the server more. */
  request(told: Format | null): CreateTask {
    const input = this.source === 'file' ? { file: this.file } : { text: this.text };
    const format = this.format || (this.source === 'paste' && told) || null;
    return {
      ...(this.name.trim() === '' ? {} : { name: this.name.trim() }),
      input: { ...input, ...(format ? { format } : {}) },
      ...(this.prompt.trim() === '' ? {} : { prompt: this.prompt }),
      ...(this.system.trim() === '' ? {} : { system: this.system }),
      parameters: toRequest(this.parameters) as CreateTask['parameters'],
      scoring: this.scorings.map(scoringOf),
      ...(this.concurrency === null ? {} : { concurrency: this.concurrency }),
    };
  }

  /** The key for a request: the last one's where it is the same, so that it cannot be carried out twice. */
  keyFor(request: CreateTask): string {
    const body = JSON.stringify(request);
    if (this.#sent?.body !== body) {
      this.#sent = { body, key: newKey() };
    }
    this.#write();
    return this.#sent.key;
  }

  /** All of a task but its rows and its name. */
  fillLike(task: Task): void {
    this.like = task.id;
    this.prompt = task.prompt ?? '';
    this.system = task.system ?? '';
    this.parameters = fromUnknown(task.parameters);
    this.parameters.temperature ??= 0;
    this.purpose = 'own';
    this.scorings = task.scoring.map(draftOf);
  }

  clear(): void {
    Object.assign(this, { name: '', file: '', text: '', format: '', prompt: '', system: '', purpose: 'own', scorings: [], concurrency: null, like: '' });
    this.parameters = greedy();
    this.forget();
  }

  /** It became a task: nothing of it is there when the form is opened anew. */
  forget(): void {
    try {
      sessionStorage.removeItem(STORAGE + this.#session);
    } catch {
      // Nothing was kept.
    }
  }

  #snapshot(): Omit<Stored, 'sent'> {
    const { name, source, file, text, format, prompt, system, purpose, concurrency, like } = this;
    const [parameters, scorings] = [$state.snapshot(this.parameters), $state.snapshot(this.scorings)];
    return { name, source, file, text, format, prompt, system, parameters, purpose, scorings, concurrency, like };
  }

  #write(): void {
    const stored: Stored = { ...this.#snapshot(), sent: this.#sent };
    // Where the rows are too many for the browser's storage, all else is kept.
    for (const kept of [stored, { ...stored, text: '', sent: null }]) {
      try {
        sessionStorage.setItem(STORAGE + this.#session, JSON.stringify(kept));
        return;
      } catch {
        // The next one is smaller; a browser that keeps nothing holds it until the reload.
      }
    }
  }
}
