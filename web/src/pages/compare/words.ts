// What a comparison comes to, in words. Pure.

import type { Pair } from '$/api/comparisons';
import { count } from '$/format/number';

/** Tasks are called by letters: A is the baseline. */
export const letter = (place: number): string => String.fromCharCode(65 + place);

/** How likely it is by chance, as people say it. */
export function chance(p: number | null | undefined): string {
  if (p == null) return 'no row is scored in both';
  if (p < 0.01) return 'very unlikely to be chance';
  if (p < 0.05) return 'unlikely to be chance';
  if (p < 0.2) return 'may well be chance';
  return 'no more than chance';
}

/** `p = 0.031`, `p < 0.001` */
export function pText(p: number | null | undefined): string | null {
  if (p == null) return null;
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toLocaleString(undefined, { maximumFractionDigits: p < 0.1 ? 3 : 2 })}`;
}

/** `+0.420`, `−0.031` */
export function differenceText(value: number | null | undefined): string {
  if (value == null) return '–';
  return value.toLocaleString(undefined, { signDisplay: 'exceptZero', minimumFractionDigits: 3, maximumFractionDigits: 3 }).replace('-', '−');
}

/** One sentence: which is better, by how much, and whether that means anything. */
export function verdict(pair: Pair, candidate: string, baseline: string): string {
  if (pair.rows === 0 || pair.difference == null) return 'No row is scored in both.';
  if (pair.wins === 0 && pair.losses === 0) return `The same on every one of ${count(pair.rows)} rows.`;
  const [better, worse] = pair.difference >= 0 ? [candidate, baseline] : [baseline, candidate];
  if (pair.difference === 0) return `Level in sum; ${chance(pair.p_value)}.`;
  return `${better} is ahead of ${worse} by ${Math.abs(pair.difference).toLocaleString(undefined, { maximumFractionDigits: 3 })}; ${chance(pair.p_value)}.`;
}
