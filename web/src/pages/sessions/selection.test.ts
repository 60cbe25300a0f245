import { expect, it } from 'vitest';
import type { Session } from '$/api/types';
import { Selection } from './selection.svelte';

const items = ['a', 'b', 'c', 'd'].map((id) => ({ id }) as Session);
const chosen = (selection: Selection) => selection.sessions.map((session) => session.id).join('');

it('shift selects everything from the last one that was touched', () => {
  const selection = new Selection(() => items);
  selection.toggle('b', false);
  selection.toggle('d', true);
  expect(chosen(selection)).toBe('bcd');
  selection.toggle('c', false);
  expect(chosen(selection)).toBe('bd');
});

it('the box in the header selects all, then none', () => {
  const selection = new Selection(() => items);
  selection.toggle('b', false);
  selection.toggleAll();
  expect(selection.isAll).toBe(true);
  selection.toggleAll();
  expect(chosen(selection)).toBe('');
});
