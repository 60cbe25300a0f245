import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync('src/styles/tokens.css', 'utf8');

/** The colours of one theme by name. */
function theme(which: 1 | 2): Record<string, string> {
  const pairs = css.matchAll(/--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g);
  return Object.fromEntries([...pairs].map((pair) => [pair[1]!, pair[which + 1]!]));
}

/** Relative luminance as WCAG 2 defines it. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const surfaces = ['bg', 'surface', 'sunken', 'hover', 'selected'];
const texts = ['text', 'text-quiet', 'text-faint', 'accent-text', 'warn', 'danger'];
const statuses = ['status-initializing', 'status-running', 'status-failed', 'status-stopped'];

const themes = { light: theme(1), dark: theme(2) };

describe.each(Object.entries(themes))('%s', (_, colours) => {
  const pairs = surfaces.flatMap((surface) => [...texts, ...statuses].map((text) => [text, surface] as const));
  it.each([
    ...pairs,
    ['on-accent', 'accent'],
    ['on-accent', 'accent-hover'],
    ['on-danger', 'danger'],
    ['on-danger', 'danger-hover'],
    ['warn', 'warn-surface'],
    ['text', 'warn-surface'],
    ['text', 'danger-surface'],
    ['danger', 'danger-surface'],
    ['text', 'mark'],
  ] as const)('%s on %s reads', (text, surface) => {
    expect(contrast(colours[text]!, colours[surface]!)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(['bg', 'surface', 'sunken'])("a control's border shows on %s", (surface) => {
    expect(contrast(colours['line-control']!, colours[surface]!)).toBeGreaterThanOrEqual(3);
  });
});
