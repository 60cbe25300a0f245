// What a text holds as rows, as far as its beginning tells: for the eye alone, the server reads the whole. Pure.

import type { Format } from '$/api/tasks';

export interface Preview {
  format: Format;
  columns: string[];
  /** The first rows, a value for each column. */
  rows: string[][];
  /** Rows in the text; null where only its beginning is at hand. */
  count: number | null;
}

export const SHOWN = 5;

/** How it is written, by its name, else by its beginning. */
export function formatOf(name: string | null, text: string): Format {
  const ending = name?.toLowerCase().split('.').at(-1) ?? '';
  if (ending === 'xlsx') return 'xlsx';
  if (ending === 'csv' || ending === 'tsv') return 'csv';
  if (ending === 'txt') return 'text';
  const first = firstObject(text);
  if (first) return 'body' in first && ('custom_id' in first || 'url' in first) ? 'batch' : 'jsonl';
  const [head = '', second = ''] = text.trimStart().split(/\r\n|\n|\r/, 2);
  const mark = delimiterOf(head);
  return mark && second.includes(mark) && !/[.?!]\s/.test(head) ? 'csv' : 'text';
}

/** `isWhole`: the text is all of it, not its beginning. */
export function previewOf(text: string, format: Format, isWhole: boolean): Preview | null {
  if (text.trim() === '' || format === 'xlsx') return null;
  const preview = format === 'csv' ? csv(text) : format === 'text' ? lines(text) : objects(text, format);
  return preview && { ...preview, count: isWhole ? preview.count : null };
}

function firstObject(text: string): Record<string, unknown> | null {
  const line = text.trimStart().split(/\r\n|\n|\r/, 1)[0] ?? '';
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    // An object all the same, cut off or faulty: the server names the line.
    return {};
  }
}

function delimiterOf(head: string): string | null {
  const counts = [',', ';', '\t'].map((mark) => ({ mark, count: head.split(mark).length - 1 }));
  const best = counts.toSorted((a, b) => b.count - a.count)[0]!;
  return best.count > 0 ? best.mark : null;
}

function csv(text: string): Preview | null {
  const records = recordsOf(text.replace(/^\uFEFF/, ''));
  const [columns, ...rows] = records;
  return columns ? { format: 'csv', columns, rows: rows.slice(0, SHOWN), count: rows.length } : null;
}

/** Records of fields: quotes around a field, doubled within it. */
function recordsOf(text: string): string[][] {
  const mark = delimiterOf(text.split(/\r\n|\n|\r/, 1)[0] ?? '') ?? ',';
  const records: string[][] = [];
  let record: string[] = [];
  let field = '';
  let isQuoted = false;
  const endField = () => {
    record.push(field);
    field = '';
  };
  const endRecord = () => {
    endField();
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  };
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at]!;
    if (isQuoted) {
      if (letter !== '"') field += letter;
      else if (text[at + 1] === '"') {
        field += '"';
        at += 1;
      } else isQuoted = false;
    } else if (letter === '"' && field === '') isQuoted = true;
    else if (letter === mark) endField();
    else if (letter === '\n' || letter === '\r') {
      if (letter === '\r' && text[at + 1] === '\n') at += 1;
      endRecord();
    } else field += letter;
  }
  if (field !== '' || record.length > 0) endRecord();
  return records;
}

function lines(text: string): Preview {
  const prompts = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  return { format: 'text', columns: ['prompt'], rows: prompts.slice(0, SHOWN).map((line) => [line]), count: prompts.length };
}

function objects(text: string, format: Format): Preview | null {
  const written = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  const read = written.slice(0, SHOWN).flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === 'object' && value !== null ? [value as Record<string, unknown>] : [];
    } catch {
      return [];
    }
  });
  if (read.length === 0) return null;
  const columns = [...new Set(read.flatMap((row) => Object.keys(row)))];
  const shown = (value: unknown) => (typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value));
  return { format, columns, rows: read.map((row) => columns.map((name) => shown(row[name]))), count: written.length };
}
