// Keys that work anywhere on a page. Not while somebody types, nor behind an open dialog or menu.

type Handler = (event: KeyboardEvent) => void;

const handlers = new Map<string, Handler[]>();

/** The newest handler of a key wins; returns the function that takes it away again. */
export function onKey(key: string, handler: Handler): () => void {
  const present = handlers.get(key) ?? [];
  handlers.set(key, [...present, handler]);
  return () => handlers.set(key, (handlers.get(key) ?? []).filter((other) => other !== handler));
}

/** ⌘K on a Mac, Ctrl K elsewhere. */
export const paletteKey = /Mac|iP(hone|ad)/.test(navigator.platform) ? '⌘K' : 'Ctrl K';

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Listens until the returned function is called; `openPalette` answers to ⌘K, everywhere. */
export function startKeys(openPalette: () => void): () => void {
  const onKeydown = (event: KeyboardEvent) => {
    if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector('[role="dialog"], [role="menu"], [role="listbox"]')) return;
    const handler = handlers.get(event.key)?.at(-1);
    if (!handler) return;
    event.preventDefault();
    handler(event);
  };
  document.addEventListener('keydown', onKeydown);
  return () => document.removeEventListener('keydown', onKeydown);
}
