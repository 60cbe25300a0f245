// What a completion was asked for, read from the body as it was sent: messages to draw, and parameters. Pure. The body
// came from any client: nothing of its shape is taken for granted.

import type { Origin } from '$/api/completions';
import type { Completion } from '$/api/types';

export type Part = { kind: 'text'; text: string } | { kind: 'image'; url: string };

export interface Message {
  role: string;
  parts: Part[];
}

export interface Parameter {
  name: string;
  value: string;
}

type Body = Record<string, unknown>;

/** Of the request: not parameters, or shown elsewhere. */
const notParameters = new Set(['messages', 'prompt', 'model', 'stream', 'stream_options', 'conversation', 'user']);

const body = (completion: Pick<Completion, 'request'>): Body => completion.request as Body;

/** The messages in order; a bare prompt is one message. */
export function messagesOf(completion: Pick<Completion, 'request'>): Message[] {
  const { messages, prompt } = body(completion);
  if (Array.isArray(messages)) {
    return messages.filter(isObject).map((message) => ({
      role: typeof message['role'] === 'string' ? message['role'] : 'user',
      parts: partsOf(message['content']),
    }));
  }
  if (prompt === undefined) return [];
  const text = Array.isArray(prompt) ? prompt.map(plain).join('\n') : plain(prompt);
  return [{ role: 'prompt', parts: [{ kind: 'text', text }] }];
}

function partsOf(content: unknown): Part[] {
  if (typeof content === 'string') return [{ kind: 'text', text: content }];
  if (!Array.isArray(content)) return [];
  return content.filter(isObject).flatMap((part): Part[] => {
    if (typeof part['text'] === 'string') return [{ kind: 'text', text: part['text'] }];
    const url = isObject(part['image_url']) ? part['image_url']['url'] : undefined;
    return typeof url === 'string' ? [{ kind: 'image', url }] : [];
  });
}

/** The text of the last message of a person: what the answer is an answer to. */
export function questionOf(completion: Pick<Completion, 'request'>): string {
  const messages = messagesOf(completion);
  const last = messages.findLast((message) => message.role === 'user') ?? messages.at(-1);
  if (!last) return '';
  const text = last.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join(' ');
  return text || (last.parts.length > 0 ? 'An image' : '');
}

/** Everything else that was asked for, by name as it was sent. */
export function parametersOf(completion: Pick<Completion, 'request'>): Parameter[] {
  return Object.entries(body(completion))
    .filter(([name, value]) => !notParameters.has(name) && value !== null && value !== undefined)
    .map(([name, value]) => ({ name, value: name === 'stop' ? stops(value) : plain(value) }));
}

/** Stop sequences are mostly what one does not see. */
function stops(value: unknown): string {
  return (Array.isArray(value) ? value : [value]).map((stop) => JSON.stringify(stop)).join(' ');
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const originWords: Record<Origin, string> = { playground: 'Playground', api: 'API', task: 'Task' };
