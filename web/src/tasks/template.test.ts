import { expect, it } from 'vitest';
import { rendered } from './template';

it('a template is filled in as the server does', () => {
  expect(rendered('Q: {{ question }} {{x}} \\{{a}}', ['question'], ['why?'])).toBe('Q: why? {{x}} {{a}}');
});
