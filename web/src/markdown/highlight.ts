// Code as marked pieces of text. Loaded when the first code block with a known language is drawn.

import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { createLowlight } from 'lowlight';
import type { CodePiece } from '$/ui/CodeBlock.svelte';

const lowlight = createLowlight({
  bash, c, cpp, css, diff, go, ini, java, javascript, json, python, rust, sql, typescript, xml, yaml,
});
lowlight.registerAlias({ bash: ['sh', 'shell', 'console', 'zsh'], ini: ['toml'], xml: ['html', 'svg'], yaml: ['yml'] });

/** Longer code is drawn plain: marking it would hold up the page while it streams. */
const MOST_CHARACTERS = 20_000;

const kinds: [RegExp, CodePiece['kind']][] = [
  [/comment|quote|meta/, 'comment'],
  [/string|regexp|addition|symbol|char/, 'string'],
  [/number|literal/, 'number'],
  [/keyword|selector-tag|deletion|section/, 'keyword'],
  [/title|name|attr|built_in|type|variable|property|params/, 'name'],
];

interface Node {
  type: string;
  value?: string;
  children?: Node[];
  properties?: { className?: unknown };
}

/** Pieces that are `code` when put together; null where the language is not known. */
export function highlight(code: string, language: string): CodePiece[] | null {
  if (code.length > MOST_CHARACTERS || !lowlight.registered(language)) return null;
  const pieces: CodePiece[] = [];
  const walk = (node: Node, kind: CodePiece['kind']) => {
    if (node.type === 'text') {
      const last = pieces.at(-1);
      if (last?.kind === kind) last.text += node.value ?? '';
      else pieces.push({ text: node.value ?? '', kind });
      return;
    }
    const name = String(node.properties?.className ?? '');
    const own = kinds.find(([pattern]) => pattern.test(name))?.[1] ?? kind;
    for (const child of node.children ?? []) walk(child, own);
  };
  walk(lowlight.highlight(language, code) as unknown as Node, 'plain');
  return pieces;
}
