// Values counted by where they lie. Pure.

import { ticks } from '$/ui/scale';

export interface Bin {
  from: number;
  to: number;
  count: number;
}

/** About this many bars. */
const WANTED = 12;

/** Bins of one round width from 0 to `most`; the last one holds its upper end. */
export function binned(values: readonly number[], most = values.reduce((high, value) => Math.max(high, value), 0)): Bin[] {
  const edges = ticks(most, WANTED);
  // Whole numbers are never parted below 1.
  const isWhole = values.every(Number.isInteger);
  const step = Math.max(edges[1]! - edges[0]!, isWhole && most > 1 ? 1 : 0);
  const bins: Bin[] = [];
  for (let index = 0; index === 0 || Number((index * step).toPrecision(12)) < most; index += 1) {
    bins.push({ from: Number((index * step).toPrecision(12)), to: Number(((index + 1) * step).toPrecision(12)), count: 0 });
  }
  for (const value of values) bins[Math.min(bins.length - 1, Math.floor(value / step + 1e-9))]!.count += 1;
  return bins;
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
