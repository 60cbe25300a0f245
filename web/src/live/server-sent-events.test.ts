import { expect, it } from 'vitest';
import { EventParser } from './server-sent-events';

const stream = ': following\n\nid: 7\nevent: session\ndata: {"a":\ndata: 1}\n\ndata: plain\r\n\r\n';

it('reads events however the text is cut', () => {
  for (let size = 1; size <= stream.length; size += 1) {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < stream.length; at += size) events.push(...parser.push(stream.slice(at, at + size)));
    expect(events).toEqual([
      { id: '7', event: 'session', data: '{"a":\n1}' },
      { id: '7', event: 'message', data: 'plain' },
    ]);
  }
});

it('keeps an event back until its blank line', () => {
  const parser = new EventParser();
  expect(parser.push('data: 1\n')).toEqual([]);
  expect(parser.push('\n')).toHaveLength(1);
});
