// The limits of a session to be, the deciding one of each kind apart from those that it makes void. Pure.

import type { Limit } from '$/api/types';

export interface RankedLimit {
  limit: Limit;
  /** False where another limit of its kind always comes first. */
  isDeciding: boolean;
}

const order = ['time', 'idle_seconds', 'max_interactions', 'max_tokens'] as const;
type Kind = (typeof order)[number];

const kindOf = (limit: Limit): Kind => (limit.kind === 'after_seconds' || limit.kind === 'at' ? 'time' : limit.kind);

/** Deciding ones first, by kind. A length counts from `start` (milliseconds since 1970), a time of day does not. */
export function ranked(limits: readonly Limit[], start: number): RankedLimit[] {
  const size = ({ kind, value }: Limit) =>
    kind === 'at' ? Date.parse(String(value)) : kind === 'after_seconds' ? start + Number(value) * 1_000 : Number(value);
  const sorted = [...limits].sort(
    (one, other) => order.indexOf(kindOf(one)) - order.indexOf(kindOf(other)) || size(one) - size(other),
  );
  const seen = new Set<Kind>();
  const marked = sorted.map((limit) => {
    const isDeciding = !seen.has(kindOf(limit));
    seen.add(kindOf(limit));
    return { limit, isDeciding };
  });
  return [...marked.filter(({ isDeciding }) => isDeciding), ...marked.filter(({ isDeciding }) => !isDeciding)];
}
