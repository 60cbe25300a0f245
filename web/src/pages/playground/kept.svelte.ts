// What this browser keeps of a session's playground: parameters, purpose, and what was typed but not sent.

import { liveSessions } from '$/live/sessions.svelte';
import { fromUnknown, presets, type Parameters, type Purpose } from './parameters';

const PREFIX = 'viva.playground.';
/** Sessions that are remembered; the one used longest ago goes first. */
const MOST = 40;
const WRITE_AFTER_MS = 250;

interface Stored {
  parameters: Parameters;
  purpose: Purpose;
  draft: string;
  /** System messages by conversation, while they were not sent. */
  system: Record<string, string>;
  usedAt: number;
}

function read(key: string): Stored {
  let stored: Partial<Stored> = {};
  try {
    stored = (JSON.parse(localStorage.getItem(key) ?? '{}') ?? {}) as Partial<Stored>;
  } catch {
    // Not ours, or not allowed: as if there were nothing.
  }
  return {
    parameters: fromUnknown(stored.parameters),
    purpose: stored.purpose && stored.purpose in presets ? stored.purpose : 'own',
    draft: typeof stored.draft === 'string' ? stored.draft : '',
    system: typeof stored.system === 'object' && stored.system ? stored.system : {},
    usedAt: typeof stored.usedAt === 'number' ? stored.usedAt : 0,
  };
}

function makeRoom(): void {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  const oldest = keys.sort((a, b) => read(a).usedAt - read(b).usedAt);
  for (const key of oldest.slice(0, Math.max(0, keys.length - MOST))) localStorage.removeItem(key);
}

// A deleted session leaves nothing behind here either.
liveSessions.listen((change) => {
  if (change.kind !== 'deleted') return;
  try {
    localStorage.removeItem(PREFIX + change.id);
  } catch {
    // A browser that keeps nothing.
  }
});

/** Reads when made, writes when something changes: make it while a component initialises. */
export class Kept {
  parameters = $state<Parameters>(fromUnknown(null));
  purpose = $state<Purpose>('own');
  draft = $state('');
  system = $state<Record<string, string>>({});

  constructor(session: string) {
    const key = PREFIX + session;
    const stored = read(key);
    this.parameters = stored.parameters;
    this.purpose = stored.purpose;
    this.draft = stored.draft;
    this.system = stored.system;

    let waiting: string | null = null;
    const write = () => {
      if (waiting === null || liveSessions.isDeleted(session)) return;
      try {
        localStorage.setItem(key, waiting);
        makeRoom();
      } catch {
        // A browser that keeps nothing: it holds until the reload.
      }
      waiting = null;
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isFirst = true;
    $effect(() => {
      const { parameters, purpose, draft, system } = this;
      const text = JSON.stringify({ parameters, purpose, draft, system, usedAt: Date.now() });
      if (isFirst) {
        isFirst = false;
        return;
      }
      waiting = text;
      clearTimeout(timer);
      timer = setTimeout(write, WRITE_AFTER_MS);
    });
    // A reload does not wait for the timer.
    $effect(() => {
      window.addEventListener('pagehide', write);
      return () => {
        window.removeEventListener('pagehide', write);
        clearTimeout(timer);
        write();
      };
    });
  }
}
