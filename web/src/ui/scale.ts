// From values to pixels, and the round figures of an axis. Pure.

/** Round steps that cover 0 to `most`, about `wanted` of them: 1, 2 or 5 times a power of ten. */
export function ticks(most: number, wanted = 3): number[] {
  if (!(most > 0)) return [0, 1];
  const rough = most / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((candidate) => candidate >= rough)!;
  const values: number[] = [];
  for (let index = 0; index * step < most + step * 0.999; index += 1) values.push(Number((index * step).toPrecision(12)));
  return values;
}

const STEPS_MS = [
  1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000,
  21_600_000, 43_200_000,
];

/** Instants on whole seconds, minutes or hours between two, at most `most`. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const step = STEPS_MS.find((candidate) => (to - from) / candidate <= most) ?? 86_400_000;
  // Whole hours where the reader is, not where the meridian is.
  const zone = new Date(from).getTimezoneOffset() * 60_000;
  const values: number[] = [];
  for (let at = Math.ceil((from - zone) / step) * step + zone; at <= to; at += step) values.push(at);
  return values;
}

/** Index of the entry nearest to `x` in an ascending list; -1 for an empty one. */
export function nearest(ascending: readonly number[], x: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < x) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && x - ascending[low - 1]! < ascending[low]! - x) low -= 1;
  return ascending.length === 0 ? -1 : low;
}
