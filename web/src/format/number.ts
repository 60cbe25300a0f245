// Numbers as text, in the reader's own notation.

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });

/** `12,345` */
export function count(value: number): string {
  return whole.format(value);
}

/** Where room is short: `8.1K`. Below 1,000 as it is. */
export function compact(value: number): string {
  return value < 1_000 ? whole.format(value) : short.format(value);
}

/** `1 interaction`, `12 interactions` */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Decimal units, two or three significant digits: `2.4 MB`, `512 B`. */
export function bytes(value: number): string {
  let unit = 0;
  let size = value;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1_000;
    unit += 1;
  }
  const digits = unit > 0 && size < 99.95 ? 1 : 0;
  return `${size.toLocaleString(undefined, { maximumFractionDigits: digits })}\u00a0${UNITS[unit]}`;
}

/** 0 to 1 as `63 %`, rounded down: 100 % is said when it is done. */
export function percent(fraction: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100)}\u00a0%`;
}
