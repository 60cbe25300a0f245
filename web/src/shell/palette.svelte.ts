// Whether the palette is open, and what it was opened for.

let isOpen = $state(false);
let isAsking = $state(false);

export const palette = {
  get isOpen(): boolean {
    return isOpen;
  },
  set isOpen(open: boolean) {
    isOpen = open;
  },
  /** Opened by `Ask the docs`: a question comes first. */
  get isAsking(): boolean {
    return isAsking;
  },
  open(purpose: 'go' | 'ask' = 'go'): void {
    isAsking = purpose === 'ask';
    isOpen = true;
  },
};
