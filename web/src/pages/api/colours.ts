// Code in pieces by what they are, for the samples: shell, Python, JavaScript. Good enough for twenty lines; pure.

import type { CodePiece } from '$/ui/CodeBlock.svelte';

export type Language = 'shell' | 'python' | 'javascript';

const keywords: Record<Language, string> = {
  shell: 'curl|export|echo',
  python: 'from|import|for|in|if|else|print|with|as|def|return|not|and|or|None|True|False',
  javascript: 'import|from|const|let|await|async|for|of|in|if|else|new|return|function|null|true|false|process|console',
};

const comments: Record<Language, string> = { shell: '#[^\\n]*', python: '#[^\\n]*', javascript: '//[^\\n]*' };

/** The pieces, together, are the code. */
export function colour(code: string, language: Language): CodePiece[] {
  const pattern = new RegExp(
    [
      // Strings first: a `#` or `//` within one begins no comment.
      `(?<string>"(?:\\\\.|[^"\\\\\\n])*"|'(?:\\\\.|[^'\\\\])*'|\`(?:\\\\.|[^\`\\\\])*\`)`,
      `(?<comment>(?<![^\\s])${comments[language]})`,
      `(?<keyword>(?<![\\w.-])(?:${keywords[language]})(?![\\w-]))`,
      `(?<number>(?<![\\w.-])\\d+(?:\\.\\d+)?(?![\\w.]))`,
    ].join('|'),
    'gsu',
  );
  const pieces: CodePiece[] = [];
  let at = 0;
  for (const match of code.matchAll(pattern)) {
    if (match.index > at) pieces.push({ text: code.slice(at, match.index), kind: 'plain' });
    const kind = (['string', 'comment', 'keyword', 'number'] as const).find((name) => match.groups![name] !== undefined)!;
    pieces.push({ text: match[0], kind });
    at = match.index + match[0].length;
  }
  if (at < code.length) pieces.push({ text: code.slice(at), kind: 'plain' });
  return pieces;
}
