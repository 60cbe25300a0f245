// How likely votes as uneven as these are by chance: the exact two-sided sign test, ties aside. Pure.

/** Null where nobody voted for either. */
export function signTest(first: number, second: number): number | null {
  const total = first + second;
  if (total === 0) return null;
  // Binomial probabilities by their logarithms: large counts would overflow.
  let log = -total * Math.LN2;
  let tail = Math.exp(log);
  for (let hits = 1; hits <= Math.min(first, second); hits += 1) {
    log += Math.log((total - hits + 1) / hits);
    tail += Math.exp(log);
  }
  return Math.min(1, 2 * tail);
}
