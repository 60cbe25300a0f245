import { expect, it } from 'vitest';
import { colour } from './colours';

const kinds = (code: string, language: Parameters<typeof colour>[1]) =>
  colour(code, language)
    .filter((piece) => piece.kind !== 'plain')
    .map((piece) => [piece.kind, piece.text]);

it('tells strings, comments, keywords and numbers apart', () => {
  expect(kinds('# say it\nfrom openai import x  # "no"\nn = 40', 'python')).toEqual([
    ['comment', '# say it'],
    ['keyword', 'from'],
    ['keyword', 'import'],
    ['comment', '# "no"'],
    ['number', '40'],
  ]);
  expect(kinds('fetch("http://a/b#c") // then', 'javascript')).toEqual([
    ['string', '"http://a/b#c"'],
    ['comment', '// then'],
  ]);
  expect(kinds("curl http://h/v1 -d '{\n  \"a\": 1\n}'", 'shell')).toEqual([
    ['keyword', 'curl'],
    ['string', "'{\n  \"a\": 1\n}'"],
  ]);
});

it('loses nothing', () => {
  const code = "const a = `x ${1}`; // it's\nlet b = 'un\\'quoted';\n\"open";
  expect(colour(code, 'javascript').map((piece) => piece.text).join('')).toBe(code);
});
