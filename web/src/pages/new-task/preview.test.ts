import { expect, it } from 'vitest';
import { formatOf, previewOf } from './preview';

it('the format is told by the name, else by the beginning', () => {
  expect(formatOf('a.xlsx', '')).toBe('xlsx');
  expect(formatOf('A.CSV', '{}')).toBe('csv');
  expect(formatOf('a.jsonl', '{"question": "1 + 1"}\n')).toBe('jsonl');
  expect(formatOf('a.jsonl', '{"custom_id": "1", "url": "/v1", "body": {}}')).toBe('batch');
  expect(formatOf(null, 'question,answer\n1 + 1,2')).toBe('csv');
  expect(formatOf(null, 'question;answer\n1 + 1;2')).toBe('csv');
  expect(formatOf(null, 'What is a horse, really?\nAnd a cow?')).toBe('text');
  expect(formatOf(null, 'One line')).toBe('text');
});

it('quoted fields hold delimiters, quotes and line breaks', () => {
  const preview = previewOf('a,b\r\n"1, ""2""\n3",4\r\n\r\n5,6\r\n', 'csv', true);
  expect(preview).toEqual({ format: 'csv', columns: ['a', 'b'], rows: [['1, "2"\n3', '4'], ['5', '6']], count: 2 });
});

it('rows of JSON have the columns of all of them', () => {
  const preview = previewOf('{"a": 1}\nno json\n{"b": [2]}\n', 'jsonl', false);
  expect(preview).toEqual({ format: 'jsonl', columns: ['a', 'b'], rows: [['1', ''], ['', '[2]']], count: null });
  expect(previewOf('  \n', 'text', true)).toBeNull();
});
