// Short notes at the edge of the page: the result of what somebody just did. An error that belongs to a control is drawn
// there instead.

import { toApiError } from '$/api/error';

export interface Toast {
  id: number;
  text: string;
  tone: 'note' | 'error';
  /** A step that follows on: `Undo`, `Open`. */
  action?: { label: string; run: () => void };
}

const NOTE_MS = 5_000;
let next = 0;
let list = $state.raw<readonly Toast[]>([]);

export const toasts = {
  get list(): readonly Toast[] {
    return list;
  },

  note(text: string, action?: Toast['action']): void {
    show({ text, tone: 'note', action });
  },

  /** Stays until it is dismissed. */
  error(thrown: unknown, doing: string): void {
    show({ text: `${doing}: ${toApiError(thrown).message}`, tone: 'error' });
  },

  dismiss(id: number): void {
    list = list.filter((toast) => toast.id !== id);
  },
};

function show(toast: Omit<Toast, 'id'>): void {
  const id = next++;
  list = [...list.slice(-3), { ...toast, id }];
  if (toast.tone === 'note') setTimeout(() => toasts.dismiss(id), NOTE_MS);
}
