import { expect, it } from 'vitest';
import { splitReasoning } from './reasoning';

it.each([
  ['Hello', { reasoning: null, isOpen: false, answer: 'Hello' }],
  ['<think>\nhm\n</think>\n\nHello', { reasoning: 'hm', isOpen: false, answer: 'Hello' }],
  ['<think>\nhm', { reasoning: 'hm', isOpen: true, answer: '' }],
  // The template opened it.
  ['hm\n</think>\nHello', { reasoning: 'hm', isOpen: false, answer: 'Hello' }],
  // Nothing was thought.
  ['<think>\n\n</think>\n\nHello', { reasoning: null, isOpen: false, answer: 'Hello' }],
  // Only at the beginning: later it is the answer's own subject.
  ['The tag <think> opens', { reasoning: null, isOpen: false, answer: 'The tag <think> opens' }],
])('splits %j', (text, expected) => {
  expect(splitReasoning(text)).toEqual(expected);
});
