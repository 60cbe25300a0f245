import { expect, it } from 'vitest';
import { GrowingText, parse } from './parse';

it('reads blocks and lines', () => {
  expect(parse('# Title\n\nOne **two** `three`\nfour')).toEqual([
    { kind: 'heading', level: 1, children: [{ kind: 'text', text: 'Title' }] },
    {
      kind: 'paragraph',
      children: [
        { kind: 'text', text: 'One ' },
        { kind: 'strong', children: [{ kind: 'text', text: 'two' }] },
        { kind: 'text', text: ' ' },
        { kind: 'code', text: 'three' },
        { kind: 'break' },
        { kind: 'text', text: 'four' },
      ],
    },
  ]);
});

it('reads lists with their start, tight or loose', () => {
  const [tight] = parse('3. a\n4. b\n   - c');
  expect(tight).toMatchObject({ kind: 'list', start: 3, isTight: true });
  expect(tight).toMatchObject({ items: [expect.anything(), [expect.anything(), { kind: 'list', start: null }]] });
  expect(parse('- a\n\n- b')[0]).toMatchObject({ isTight: false });
});

it('reads tables with their alignment', () => {
  expect(parse('| a | b |\n|:--|--:|\n| 1 | 2 |')).toEqual([
    {
      kind: 'table',
      align: ['left', 'right'],
      head: [[{ kind: 'text', text: 'a' }], [{ kind: 'text', text: 'b' }]],
      rows: [[[{ kind: 'text', text: '1' }], [{ kind: 'text', text: '2' }]]],
    },
  ]);
});

it('takes a code block that has not ended yet for code', () => {
  expect(parse('```python\nprint(1)')).toEqual([{ kind: 'code', language: 'python', text: 'print(1)' }]);
});

it('links what is written as an address, not what only looks like a name', () => {
  const [block] = parse('see https://example.com/a and main.rs');
  expect(JSON.stringify(block)).toContain('"href":"https://example.com/a"');
  expect(JSON.stringify(block)).not.toContain('http://main.rs');
});

it('keeps the blocks that did not change while a text grows', () => {
  const growing = new GrowingText();
  const [first] = growing.parse('# A\n\nhel');
  const [again, second] = growing.parse('# A\n\nhello');
  expect(again).toBe(first);
  expect(second).toEqual({ kind: 'paragraph', children: [{ kind: 'text', text: 'hello' }] });
});
