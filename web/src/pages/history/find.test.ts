import { expect, it } from 'vitest';
import { excerpt, findHits, pieces, queryWords } from './find';

const hits = (text: string, query: string) => findHits(text, query).map(([start, end]) => text.slice(start, end));

it('a query has no operators: its words, folded', () => {
  expect(queryWords('Refund AND "días"*')).toEqual(['refund', 'and', 'dias']);
  expect(queryWords('  –  ')).toEqual([]);
});

it.each([
  ['A refund, refunded; prerefund.', 'refund', ['refund', 'refund']],
  ['Über die DÍAS', 'uber dias', ['Über', 'DÍAS']],
  ['decomposed cafe\u0301!', 'café', ['cafe']],
  ['東京都の天気', '京都', ['京都']],
  ['well 🦀done', '🦀', ['🦀']],
  ['nothing here', 'absent', []],
  ['ﬁne', 'fi', ['ﬁ']],
])('in %j %j finds %j', (text, query, expected) => {
  expect(hits(text, query)).toEqual(expected);
});

it('hits that overlap are one', () => {
  expect(hits('refunds', 'ref refund')).toEqual(['refund']);
});

it('the pieces are the text', () => {
  const text = 'One refund after 40 days; no refunds later.';
  expect(pieces(text, 'refund days').map((piece) => piece.text).join('')).toBe(text);
  expect(pieces('', 'x')).toEqual([{ text: '', isHit: false }]);
});

it('a line shows the first hit however far it is', () => {
  const text = `${'word '.repeat(500)}needle ${'word '.repeat(50)}`;
  expect(excerpt(text, 'needle')).toContain('needle');
  expect(excerpt(text, '')).toMatch(/^word word/);
  expect(excerpt('one\n\n  two', '')).toBe('one two');
});
