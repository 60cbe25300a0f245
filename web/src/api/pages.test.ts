import { expect, it } from 'vitest';
import { Pages, joinById } from './pages.svelte';
import type { Page } from './types';

interface Item {
  id: string;
}

class Letters extends Pages<Item> {
  pages: Record<string, Page<Item>> = {
    first: { items: [{ id: 'a' }, { id: 'b' }], next_cursor: 'second' },
    second: { items: [{ id: 'b' }, { id: 'c' }], next_cursor: null },
  };
  protected override join = joinById<Item>;

  protected override read(cursor: string | null): Promise<Page<Item>> {
    const page = this.pages[cursor ?? 'first'];
    return page ? Promise.resolve(page) : Promise.reject(new Error('gone'));
  }
}

const ids = (list: Letters) => list.items.map(({ id }) => id).join('');

it('pages follow on, each item once', async () => {
  const list = new Letters();
  await list.show();
  expect([ids(list), list.state, list.hasMore]).toEqual(['ab', 'ready', true]);
  await list.loadMore();
  expect([ids(list), list.hasMore]).toEqual(['abc', false]);
  await list.show();
  expect((await list.all()).length).toBe(3);
});

it('what was there stays over an error, and without anything it has failed', async () => {
  const list = new Letters();
  await list.show();
  delete list.pages['first'];
  await list.show();
  expect([ids(list), list.state, list.error?.message]).toEqual(['ab', 'ready', 'gone']);
  const empty = new Letters();
  delete empty.pages['first'];
  await empty.show();
  expect(empty.state).toBe('failed');
});

it('an answer that was overtaken is dropped', async () => {
  const list = new Letters();
  const slow = list.show();
  list.pages['first'] = { items: [{ id: 'z' }], next_cursor: null };
  await list.show();
  await slow;
  expect(ids(list)).toBe('z');
});
