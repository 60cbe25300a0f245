// Placing something beside its anchor, above everything: the browser's top layer, so that no scrolling parent cuts it.

import { autoUpdate, computePosition, flip, offset, shift, size, type Placement } from '@floating-ui/dom';

/** Keeps `panel` (an element with the `popover` attribute, shown) beside `anchor` until the returned function is called. */
export function place(anchor: Element, panel: HTMLElement, placement: Placement = 'bottom-start', gap = 6): () => void {
  return autoUpdate(anchor, panel, () => {
    void computePosition(anchor, panel, {
      strategy: 'fixed',
      placement,
      middleware: [
        offset(gap),
        flip({ padding: 8 }),
        shift({ padding: 8 }),
        size({
          padding: 8,
          apply({ availableHeight, availableWidth }) {
            panel.style.maxHeight = `${Math.max(120, availableHeight)}px`;
            panel.style.maxWidth = `${availableWidth}px`;
          },
        }),
      ],
    }).then(({ x, y }) => {
      panel.style.left = `${x}px`;
      panel.style.top = `${y}px`;
    });
  });
}
