// The address is the state: path, query and fragment, reactive, and the ways to change them.

import type { Parameters } from './match';
import { matchRoute, type Route } from './routes';

interface Place {
  path: string;
  query: URLSearchParams;
  hash: string;
}

function read(): Place {
  const { pathname, search, hash } = window.location;
  return { path: pathname, query: new URLSearchParams(search), hash };
}

let place = $state.raw<Place>(read());

export interface NavigateOptions {
  /** Takes the present entry's place in the history: for what `back` should not come to. */
  replace?: boolean;
}

/** Goes to an address of the console. */
export function navigate(href: string, options: NavigateOptions = {}): void {
  const target = new URL(href, window.location.href);
  if (target.href === window.location.href) return;
  const isSamePage = target.pathname === window.location.pathname;
  history[options.replace ? 'replaceState' : 'pushState'](null, '', target);
  place = read();
  if (!isSamePage) window.scrollTo(0, 0);
}

/** The query without what is empty or null in `changes`; filters replace, what a person opened is pushed. */
export function setQuery(changes: Record<string, string | null>, options: NavigateOptions = { replace: true }): void {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  navigate(place.path + (text ? `?${text}` : '') + place.hash, options);
}

export const router = {
  get path(): string {
    return place.path;
  },
  get query(): URLSearchParams {
    return place.query;
  },
  get hash(): string {
    return place.hash;
  },
  /** Path and query: what a login leads back to. */
  get here(): string {
    const query = place.query.toString();
    return query ? `${place.path}?${query}` : place.path;
  },
  get match(): { route: Route; parameters: Parameters } | null {
    return matchRoute(place.path);
  },
};

/** Follows the browser's own navigation and turns clicks on links to the console's pages into navigation without a load. */
export function startRouter(): () => void {
  const onPopState = () => {
    place = read();
  };
  const onClick = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link?.href || link.target || link.hasAttribute('download') || link.origin !== window.location.origin) return;
    if (link.hash && link.pathname === window.location.pathname && link.search === window.location.search) return;
    if (!matchRoute(link.pathname)) return;
    event.preventDefault();
    navigate(link.href);
  };
  window.addEventListener('popstate', onPopState);
  document.addEventListener('click', onClick);
  return () => {
    window.removeEventListener('popstate', onPopState);
    document.removeEventListener('click', onClick);
  };
}
