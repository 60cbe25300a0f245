// What can be told of a file before gigabytes of it are sent.

const MAGIC = 'GGUF';

/** Why the file is no model that can be added; null where nothing speaks against it. */
export async function refusalOf(file: File): Promise<string | null> {
  if (file.size === 0) return `${file.name} is empty.`;
  let start: string;
  try {
    start = await file.slice(0, MAGIC.length).text();
  } catch {
    return `${file.name} cannot be read; is it still there?`;
  }
  if (start === MAGIC) return null;
  return `${file.name} is no GGUF file: it does not begin with “GGUF”. Models in another format must be converted first.`;
}

/** A name for it, from the file's: `qwen2.5-0.5b-q8_0.gguf` gives `qwen2.5-0.5b-q8_0`. */
export function nameOf(file: Pick<File, 'name'>): string {
  return file.name.replace(/\.gguf$/i, '').replaceAll(':', '-').slice(0, 100);
}

/** The server's rule for names and versions, said before the upload rather than after. */
export function textFault(what: 'name' | 'version', text: string): string | null {
  const trimmed = text.trim();
  const length = [...trimmed].length;
  if (length > 100) return `The ${what} has ${length} characters; at most 100 are allowed.`;
  if (/\p{Cc}/u.test(trimmed)) return `The ${what} holds a control character; take it out.`;
  if (what === 'name' && trimmed.includes(':')) return 'A name holds no colon: it parts the name from the version.';
  return null;
}
