import { expect, it } from 'vitest';
import { matchPath, safeNext } from './match';

it.each([
  ['/', '/', {}],
  ['/sessions/:id', '/sessions/ses_1', { id: 'ses_1' }],
  ['/sessions/:id', '/sessions/ses_1/', { id: 'ses_1' }],
  ['/sessions/:id', '/sessions/a%20b', { id: 'a b' }],
  ['/sessions/:id', '/sessions', null],
  ['/sessions/:id', '/sessions/x/history', null],
  ['/sessions/:id', '/sessions/%E0%A4%A', null],
])('%s against %s', (pattern, path, expected) => {
  expect(matchPath(pattern, path)).toEqual(expected);
});

it.each([
  ['/sessions/ses_1?x=1', '/sessions/ses_1?x=1'],
  ['//elsewhere.example', '/'],
  ['/\\elsewhere.example', '/'],
  ['https://elsewhere.example', '/'],
  ['/login?next=/', '/'],
  [null, '/'],
])('a login that was to lead to %s leads to %s', (next, expected) => {
  expect(safeNext(next)).toBe(expected);
});
