import { expect, it } from 'vitest';
import { messagesOf, parametersOf, questionOf } from './request';

const of = (request: unknown) => ({ request: request as Record<string, never> });

it('reads text, parts and a bare prompt', () => {
  expect(messagesOf(of({ messages: [{ role: 'user', content: 'a' }] }))).toEqual([
    { role: 'user', parts: [{ kind: 'text', text: 'a' }] },
  ]);
  const parts = [
    { type: 'text', text: 'what is this' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
  ];
  expect(messagesOf(of({ messages: [{ role: 'user', content: parts }] }))[0]!.parts.map((part) => part.kind)).toEqual(['text', 'image']);
  expect(messagesOf(of({ prompt: ['a', 'b'] }))).toEqual([{ role: 'prompt', parts: [{ kind: 'text', text: 'a\nb' }] }]);
});

it('survives what no client should send', () => {
  expect(messagesOf(of({ messages: [null, 3, { content: 4 }] }))).toEqual([{ role: 'user', parts: [] }]);
  expect(questionOf(of({}))).toBe('');
});

it('the question is the last message of a person', () => {
  const messages = ['system', 'user', 'assistant', 'user', 'assistant'].map((role, index) => ({ role, content: `${index}` }));
  expect(questionOf(of({ messages }))).toBe('3');
});

it('parameters are what is left, stop sequences made visible', () => {
  expect(parametersOf(of({ model: 'm', messages: [], stream: true, temperature: 0.3, stop: ['\n', '#'], seed: null }))).toEqual([
    { name: 'temperature', value: '0.3' },
    { name: 'stop', value: '"\\n" "#"' },
  ]);
});
