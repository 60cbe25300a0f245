// Which rows of a long list are drawn. Pure; VirtualList measures and scrolls.

export interface Range {
  /** First row drawn. */
  start: number;
  /** One after the last. */
  end: number;
  /** Pixels of what lies before and after. */
  before: number;
  after: number;
}

/** Where each row starts, and the total as the last entry; `height` gives null where a row was not measured yet. */
export function offsets(length: number, estimate: number, height: (index: number) => number | null): number[] {
  const starts = new Array<number>(length + 1);
  let at = 0;
  for (let index = 0; index < length; index += 1) {
    starts[index] = at;
    at += height(index) ?? estimate;
  }
  starts[length] = at;
  return starts;
}

/** The rows that meet `[top, bottom)`, and `spare` pixels on either side. */
export function visible(starts: readonly number[], top: number, bottom: number, spare: number): Range {
  const length = starts.length - 1;
  const total = starts[length]!;
  const start = Math.max(0, lastAtOrBefore(starts, Math.max(0, top - spare)));
  let end = Math.min(length, start);
  while (end < length && starts[end]! < bottom + spare) end += 1;
  const first = Math.min(start, length);
  return { start: first, end, before: starts[first]!, after: total - starts[end]! };
}

/** Index of the last row that starts at or before `position`. */
function lastAtOrBefore(starts: readonly number[], position: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
