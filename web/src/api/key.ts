// Keys that make a repeated submission the same one.

/**
 * A fresh one, for `Idempotency-Key`. `crypto.randomUUID` is for secure contexts only; the console may be served in plain
 * HTTP within a network.
 */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
