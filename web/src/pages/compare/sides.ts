// Which answer stands on which side of a blind look: as if by a coin for each row, and the same again after a reload. Pure.

/** Whether the two are turned round in this row. */
export function isTurned(seed: number, row: number): boolean {
  // A few rounds of mixing (as MurmurHash ends): neighbours among rows share no bit of the outcome.
  let hash = (seed ^ Math.imul(row + 1, 0x9e3779b1)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) & 1) === 1;
}

const STORAGE = 'viva.compare.seed';

/** Of this tab: a reload turns nothing round. */
export function seedOfTab(): number {
  try {
    const kept = sessionStorage.getItem(STORAGE);
    if (kept) return Number(kept);
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
    sessionStorage.setItem(STORAGE, String(seed));
    return seed;
  } catch {
    return crypto.getRandomValues(new Uint32Array(1))[0]!;
  }
}
