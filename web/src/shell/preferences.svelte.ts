// What this browser remembers of how its person likes it.

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

interface Stored {
  theme: Theme;
  density: Density;
  /** Whether to notify; the browser's own permission is asked for when it is turned on. */
  notifies: boolean;
  /** Asked and answered with no: not asked again. */
  declinedNotifications: boolean;
}

const KEY = 'viva.preferences';
const standard: Stored = { theme: 'system', density: 'comfortable', notifies: false, declinedNotifications: false };

function read(): Stored {
  try {
    return { ...standard, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Stored>) };
  } catch {
    return standard;
  }
}

let stored = $state.raw(read());

function apply(): void {
  const root = document.documentElement;
  if (stored.theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = stored.theme;
  if (stored.density === 'compact') root.dataset['density'] = 'compact';
  else delete root.dataset['density'];
}

apply();
// Another tab's choice holds here too.
window.addEventListener('storage', (event) => {
  if (event.key !== KEY) return;
  stored = read();
  apply();
});

function change(part: Partial<Stored>): void {
  stored = { ...stored, ...part };
  try {
    localStorage.setItem(KEY, JSON.stringify(stored));
  } catch {
    // A browser that keeps nothing: it holds until the reload.
  }
  apply();
}

export const preferences = {
  get theme(): Theme {
    return stored.theme;
  },
  set theme(theme: Theme) {
    change({ theme });
  },
  get density(): Density {
    return stored.density;
  },
  set density(density: Density) {
    change({ density });
  },
  get notifies(): boolean {
    return stored.notifies;
  },
  set notifies(notifies: boolean) {
    change({ notifies });
  },
  get declinedNotifications(): boolean {
    return stored.declinedNotifications;
  },
  set declinedNotifications(declinedNotifications: boolean) {
    change({ declinedNotifications });
  },
};
