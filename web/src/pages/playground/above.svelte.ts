// How far below the document's beginning an element stands, in pixels: what stands above it grows and shrinks.

export class Above {
  pixels = $state(0);

  /** An attachment. */
  watch = (element: HTMLElement) => {
    const look = () => (this.pixels = Math.round(element.getBoundingClientRect().top + window.scrollY));
    const observer = new ResizeObserver(look);
    observer.observe(element);
    if (element.parentElement) observer.observe(element.parentElement);
    window.addEventListener('resize', look);
    return () => {
      observer.disconnect();
      window.removeEventListener('resize', look);
    };
  };
}
