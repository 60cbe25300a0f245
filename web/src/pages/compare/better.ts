// Which task is best in a row. Pure.

import type { ComparedRow } from '$/api/comparisons';

/** The server counts scores as the same to a millionth, too. */
const SAME = 1e-6;

/** The place of the one task whose score is the highest; null where several share it, or fewer than two are scored. */
export function better(row: ComparedRow, score: string): number | null {
  const values = row.answers.map((answer) => {
    const found = answer?.scores[score];
    return found?.status === 'scored' ? found.value : null;
  });
  const scored = values.filter((value) => value !== null);
  if (scored.length < 2) return null;
  const most = Math.max(...scored);
  const best = values.flatMap((value, place) => (value !== null && most - value <= SAME ? [place] : []));
  return best.length === 1 ? best[0]! : null;
}
