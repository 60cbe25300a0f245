// Keeps the end of the page in view while it grows, unless the person has scrolled away from it.

/** Nearer than this counts as being at the end. */
const NEAR_PX = 80;

const left = () => document.documentElement.scrollHeight - window.scrollY - window.innerHeight;

export class StickToEnd {
  readonly #hasText: () => boolean;
  isAtEnd = $state(true);

  /** `hasText`: whether there is anything whose end could be wanted. Of an empty page the beginning is. */
  constructor(hasText: () => boolean) {
    this.#hasText = hasText;
  }

  /** For an attachment on what grows. */
  watch = (element: HTMLElement) => {
    let lastTop = window.scrollY;
    const observer = new ResizeObserver(() => {
      if (!this.#hasText()) return;
      if (this.isAtEnd) this.#go();
      else this.isAtEnd = left() < NEAR_PX;
    });
    observer.observe(element);
    const onScroll = () => {
      // Growth moves the end away without a scroll; only going up, which is somebody's wish, lets go of it.
      if (window.scrollY < lastTop - 1 && left() > NEAR_PX) this.isAtEnd = false;
      else if (left() < NEAR_PX) this.isAtEnd = true;
      lastTop = window.scrollY;
    };
    window.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      observer.disconnect();
      window.removeEventListener('scroll', onScroll);
    };
  };

  toEnd = () => {
    this.isAtEnd = true;
    this.#go();
  };

  #go(): void {
    window.scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' });
  }
}
