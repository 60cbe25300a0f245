// Durations as text. Input in seconds.

const two = (value: number) => String(value).padStart(2, '0');

/** For a clock that counts: `41:07`, `1:02:03`. Negative counts as 0; parts of a second count up, so that it ends at 0:00. */
export function countdown(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** For a sentence: `45 s`, `10 min`, `1 h 30 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const text = parts.filter(([value]) => value > 0).map(([value, unit]) => `${value}\u00a0${unit}`);
  return text.join(' ') || '0\u00a0s';
}

/** For a measurement in milliseconds: `61 ms`, `1.2 s`, `2 min 5 s`. */
export function milliseconds(value: number): string {
  if (value < 1_000) return `${Math.round(value)}\u00a0ms`;
  if (value < 60_000) return `${(value / 1_000).toLocaleString(undefined, { maximumFractionDigits: 1 })}\u00a0s`;
  return duration(value / 1_000);
}
