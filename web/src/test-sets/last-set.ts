// The test set that was saved into last: the next case most likely goes there, too.

const STORAGE = 'viva.test-set';

export const lastSet = {
  get id(): string | null {
    try {
      return localStorage.getItem(STORAGE);
    } catch {
      return null;
    }
  },
  set id(id: string) {
    try {
      localStorage.setItem(STORAGE, id);
    } catch {
      // A browser that keeps nothing: the first by name is offered.
    }
  },
};
