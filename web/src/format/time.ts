// Instants as text. Input: RFC 3339, or milliseconds since 1970.

const relativeFormat = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const exactFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clockFormat = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

type Instant = string | number;
const ms = (at: Instant) => (typeof at === 'number' ? at : Date.parse(at));

/** `just now`, `5 min. ago`, `in 2 hr.`; a date from a month on. */
export function relative(at: Instant, now: number): string {
  const seconds = (ms(at) - now) / 1_000;
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 5 ? 'in a moment' : 'just now';
  if (size < 45 * 60) return relativeFormat.format(Math.round(seconds / 60), 'minute');
  if (size < 22 * 3_600) return relativeFormat.format(Math.round(seconds / 3_600), 'hour');
  if (size < 30 * 86_400) return relativeFormat.format(Math.round(seconds / 86_400), 'day');
  return dayFormat.format(ms(at));
}

/** Date and time to the second, in the reader's zone. */
export function exact(at: Instant): string {
  return exactFormat.format(ms(at));
}

/** The time of day, with the date where it is not today's. */
export function timeOfDay(at: Instant, now: number): string {
  const clock = clockFormat.format(ms(at));
  return dayFormat.format(ms(at)) === dayFormat.format(now) ? clock : `${dayFormat.format(ms(at))}, ${clock}`;
}
