import { File as NodeFile } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { nameOf, refusalOf, textFault } from './gguf';

// The simulated browser's files cannot be read as text.
const file = (text: string, name = 'a.gguf') => new NodeFile([text], name) as unknown as File;

describe('refusalOf', () => {
  it('takes what begins as a GGUF file, whatever its name', async () => {
    expect(await refusalOf(file('GGUF\u0003 and more', 'a.bin'))).toBeNull();
  });

  it('refuses what is empty or something else, by name', async () => {
    expect(await refusalOf(file(''))).toContain('a.gguf is empty');
    expect(await refusalOf(file('PK\u0003\u0004', 'a.safetensors'))).toContain('no GGUF file');
  });
});

describe('nameOf', () => {
  it('is the file without its ending, without colons', () => {
    expect(nameOf({ name: 'x:y.Q8_0.GGUF' })).toBe('x-y.Q8_0');
  });
});

describe('textFault', () => {
  it('follows the rule of the server', () => {
    expect(textFault('name', 'a:b')).toContain('colon');
    expect(textFault('version', 'a:b')).toBeNull();
    expect(textFault('name', 'é'.repeat(100))).toBeNull();
    expect(textFault('name', 'é'.repeat(101))).toContain('101');
    expect(textFault('version', 'a\tb')).toContain('control');
  });
});
