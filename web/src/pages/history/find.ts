// Where the words that were searched for stand in a text. Pure; cut and folded as the server's search does it, so that
// what was found is what is marked.

export interface Piece {
  text: string;
  isHit: boolean;
}

type Kind = 'letter' | 'unspaced' | 'symbol' | 'gap';

/** Scripts that set no spaces: there a query is found anywhere, elsewhere at the beginning of a word. */
const UNSPACED =
  /[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u3041-\u30FF\u3400-\u4DBF\u4E00-\u9FFF\u{20000}-\u{3FFFF}]/u;
const SYMBOL = /[\u2190-\u2BFF\u{1F000}-\u{1FAFF}]/u;
const LETTER = /[\p{L}\p{N}]/u;

const special: Record<string, string> = { đ: 'd', Đ: 'd', ø: 'o', Ø: 'o', ł: 'l', Ł: 'l' };

function fold(character: string): string {
  return (special[character] ?? character).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

function kind(character: string): Kind {
  if (UNSPACED.test(character)) return 'unspaced';
  if (LETTER.test(character)) return 'letter';
  return SYMBOL.test(character) ? 'symbol' : 'gap';
}

/** The words of a query, each of one kind of character. */
export function queryWords(query: string): string[] {
  const words: string[] = [];
  let run: Kind = 'gap';
  for (const character of [...query].map(fold).join('')) {
    const present = kind(character);
    if (present !== 'gap') {
      if (present === run && present !== 'symbol') words[words.length - 1] += character;
      else words.push(character);
    }
    run = present;
  }
  return [...new Set(words)];
}

/** `[start, end)` of every hit in the text, in order, without overlap. */
export function findHits(text: string, query: string): [number, number][] {
  const words = queryWords(query);
  if (words.length === 0) return [];

  // The text folded, and for each of its units where it came from.
  let folded = '';
  const origin: number[] = [];
  let at = 0;
  for (const character of text) {
    const form = fold(character);
    for (let unit = 0; unit < form.length; unit += 1) origin.push(at);
    folded += form;
    at += character.length;
  }
  origin.push(text.length);

  const hits: [number, number][] = [];
  for (const word of words) {
    const isAnywhere = kind([...word][0]!) !== 'letter';
    for (let found = folded.indexOf(word); found >= 0; found = folded.indexOf(word, found + word.length)) {
      const before = [...folded.slice(Math.max(0, found - 2), found)].at(-1);
      if (!isAnywhere && before !== undefined && kind(before) === 'letter') continue;
      hits.push([origin[found]!, endOf(origin, found + word.length, text)]);
    }
  }
  hits.sort(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [start, end] of hits) {
    const last = merged.at(-1);
    if (last && start < last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged;
}

/** A hit ends with its last character, whatever that folds to. */
function endOf(origin: readonly number[], after: number, text: string): number {
  const last = origin[after - 1]!;
  return last + String.fromCodePoint(text.codePointAt(last)!).length;
}

/** The text in pieces, those that were found marked. */
export function pieces(text: string, query: string): Piece[] {
  const result: Piece[] = [];
  let at = 0;
  for (const [start, end] of findHits(text, query)) {
    if (start > at) result.push({ text: text.slice(at, start), isHit: false });
    result.push({ text: text.slice(start, end), isHit: true });
    at = end;
  }
  if (at < text.length || result.length === 0) result.push({ text: text.slice(at), isHit: false });
  return result;
}

/** One line of a long text, around the first hit where it would not be seen otherwise. */
export function excerpt(text: string, query: string, length = 240): string {
  const line = (part: string) => part.replace(/\s+/gu, ' ').trim();
  const first = query ? (findHits(text.slice(0, 100_000), query)[0]?.[0] ?? 0) : 0;
  if (first < length / 2) return line(text.slice(0, length * 2)).slice(0, length);
  const from = text.lastIndexOf(' ', first - length / 4);
  return `… ${line(text.slice(Math.max(0, from), from + length * 2)).slice(0, length)}`;
}
