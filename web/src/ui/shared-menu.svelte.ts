// One menu for the rows of a list: a primitive for each would make rows slow to draw. Rows have a SharedMenuButton.

export class SharedMenuState<T> {
  /** The row whose menu is open; null while it is closed. */
  item = $state.raw<T | null>(null);
  anchor = $state.raw<HTMLElement | null>(null);

  open(item: T, anchor: HTMLElement): void {
    // Not every browser focuses a button that is pressed; the focus returns here.
    anchor.focus();
    this.anchor = anchor;
    this.item = item;
  }

  close(): void {
    this.item = null;
  }
}
