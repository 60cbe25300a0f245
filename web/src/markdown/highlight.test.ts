import { expect, it } from 'vitest';
import { highlight } from './highlight';

it('marks pieces that are the code when put together', () => {
  const code = 'def f(x):\n    return "a" + 1  # c\n';
  const pieces = highlight(code, 'python')!;
  expect(pieces.map(({ text }) => text).join('')).toBe(code);
  expect(pieces).toContainEqual({ text: 'def', kind: 'keyword' });
  expect(pieces).toContainEqual({ text: '# c', kind: 'comment' });
});

it('leaves code of a language that it does not know', () => {
  expect(highlight('x', 'klingon')).toBeNull();
});
