import { expect, test } from 'vitest';
import { refusal } from './refusals';

test('every refusal is a sentence, of a word that is not known too', () => {
  expect(refusal('oidc_disabled')).toContain('disabled');
  expect(refusal('toString')).toBe('You were not logged in. Try again, or log in another way.');
  expect(refusal(null)).toBe(null);
});
