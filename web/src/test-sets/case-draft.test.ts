import { expect, it } from 'vitest';
import { CaseDraft } from './case-draft.svelte';

it('what was not touched is sent as it was', () => {
  const draft = new CaseDraft();
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } };
  const messages = [
    { role: 'system', content: 'Be brief.', name: 'house' },
    { role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] },
  ];
  draft.fill(messages, 'A cat');
  expect(draft.request).toEqual({ messages, expected: 'A cat' });
});

it('an empty expectation is none, and empty messages are left out', () => {
  const draft = new CaseDraft();
  draft.fill([{ role: 'user', content: 'Why?' }], '  ');
  draft.add();
  expect(draft.request).toEqual({ messages: [{ role: 'user', content: 'Why?' }], expected: null });
});

it('a case without a question has a gap', () => {
  const draft = new CaseDraft();
  draft.fill();
  expect(draft.gap).not.toBeNull();
  draft.messages[0]!.text = 'Why?';
  expect(draft.gap).toBeNull();
});
