// Markdown (CommonMark with tables and strikethrough) as nodes. HTML in it stays text.

import MarkdownIt from 'markdown-it';
import { safeHref, safeImage } from './addresses';
import type { Align, Block, Inline } from './nodes';

const parser = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false });

type Token = ReturnType<typeof parser.parse>[number];

// Deeper than anybody reads, and than the drawing should recurse.
parser.set({ maxNesting: 24 });
// Only what is written as an address becomes a link: not `main.rs`.
parser.linkify?.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
// Which addresses may be followed is decided in one place, where the nodes are made.
parser.validateLink = () => true;

export function parse(text: string): Block[] {
  return new Reader(parser.parse(text, {})).blocks();
}

/**
 * Parses a text that grows: blocks whose source did not change are the same objects as before, so that only what is new
 * is drawn again.
 */
export class GrowingText {
  #lines: string[] = [];
  #spans: { source: string; block: Block }[] = [];

  parse(text: string): Block[] {
    const tokens = parser.parse(text, {});
    this.#lines = text.split('\n');
    const reader = new Reader(tokens);
    const before = this.#spans;
    this.#spans = reader.spans().map(({ from, to, block }, index) => {
      const source = `${block.kind}\n${this.#lines.slice(from, to).join('\n')}`;
      const old = before[index];
      // A reference below may turn `[x]` above into a link: compared by what it became as well.
      return old?.source === source && isSame(old.block, block) ? old : { source, block };
    });
    return this.#spans.map(({ block }) => block);
  }
}

function isSame(a: Block, b: Block): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

class Reader {
  #at = 0;

  constructor(readonly tokens: readonly Token[]) {}

  /** The outermost blocks with the lines that they stand on. */
  spans(): { from: number; to: number; block: Block }[] {
    const spans = [];
    while (this.#at < this.tokens.length) {
      const [from, to] = this.tokens[this.#at]!.map ?? [0, 0];
      const block = this.#block();
      if (block) spans.push({ from, to, block });
    }
    return spans;
  }

  /** Blocks up to the token that closes them. */
  blocks(close?: string): Block[] {
    const blocks: Block[] = [];
    while (this.#at < this.tokens.length && this.tokens[this.#at]!.type !== close) {
      const block = this.#block();
      if (block) blocks.push(block);
    }
    this.#at += 1;
    return blocks;
  }

  #block(): Block | null {
    const token = this.tokens[this.#at++]!;
    switch (token.type) {
      case 'paragraph_open':
        return { kind: 'paragraph', children: this.#inline('paragraph_close') };
      case 'heading_open':
        return { kind: 'heading', level: Number(token.tag.slice(1)), children: this.#inline('heading_close') };
      case 'fence':
      case 'code_block':
        return { kind: 'code', language: token.info.trim().split(/[\s{]/)[0] ?? '', text: token.content.replace(/\n$/, '') };
      case 'blockquote_open':
        return { kind: 'quote', blocks: this.blocks('blockquote_close') };
      case 'bullet_list_open':
        return this.#list('bullet_list_close', null);
      case 'ordered_list_open':
        return this.#list('ordered_list_close', Number(token.attrGet('start') ?? 1));
      case 'table_open':
        return this.#table();
      case 'hr':
        return { kind: 'rule' };
      case 'inline':
        return { kind: 'paragraph', children: inline(token.children ?? []) };
      default:
        return token.content ? { kind: 'paragraph', children: [{ kind: 'text', text: token.content }] } : null;
    }
  }

  #inline(close: string): Inline[] {
    const children: Inline[] = [];
    for (;;) {
      const token = this.tokens[this.#at++];
      if (!token || token.type === close) return children;
      children.push(...inline(token.children ?? []));
    }
  }

  #list(close: string, start: number | null): Block {
    const items: Block[][] = [];
    let isTight = true;
    for (;;) {
      const token = this.tokens[this.#at++];
      if (!token || token.type === close) return { kind: 'list', start, isTight, items };
      if (token.type !== 'list_item_open') continue;
      // A tight list hides its paragraphs.
      const next = this.tokens[this.#at];
      if (next?.type === 'paragraph_open' && !next.hidden) isTight = false;
      items.push(this.blocks('list_item_close'));
    }
  }

  #table(): Block {
    const align: Align[] = [];
    const rows: Inline[][][] = [];
    for (;;) {
      const token = this.tokens[this.#at++];
      if (!token || token.type === 'table_close') break;
      if (token.type === 'tr_open') rows.push([]);
      else if (token.type === 'th_open') {
        align.push((/text-align:(left|center|right)/.exec(String(token.attrGet('style') ?? ''))?.[1] as Align) ?? null);
        rows.at(-1)!.push(this.#inline('th_close'));
      } else if (token.type === 'td_open') rows.at(-1)!.push(this.#inline('td_close'));
    }
    const [head = [], ...body] = rows;
    return { kind: 'table', align, head, rows: body };
  }
}

const MARKS: Record<string, 'strong' | 'emphasis' | 'strike'> = { strong: 'strong', em: 'emphasis', s: 'strike' };

/** The flat tokens of a line as a tree. */
function inline(tokens: readonly Token[]): Inline[] {
  const root: Inline[] = [];
  const open: Inline[][] = [root];
  const add = (node: Inline) => open.at(-1)!.push(node);
  for (const token of tokens) {
    const mark = MARKS[token.type.replace(/_open$/, '')];
    if (token.type.endsWith('_close')) {
      if (open.length > 1) open.pop();
    } else if (mark) {
      const node: Inline & { children: Inline[] } = { kind: mark, children: [] };
      add(node);
      open.push(node.children);
    } else if (token.type === 'link_open') {
      const address = String(token.attrGet('href') ?? '');
      const node = { kind: 'link' as const, href: safeHref(address), address, children: [] as Inline[] };
      add(node);
      open.push(node.children);
    } else if (token.type === 'image') {
      const address = String(token.attrGet('src') ?? '');
      add({ kind: 'image', source: safeImage(address), href: safeHref(address), address, alt: token.content });
    } else if (token.type === 'softbreak' || token.type === 'hardbreak') {
      add({ kind: 'break' });
    } else if (token.type === 'code_inline') {
      add({ kind: 'code', text: token.content });
    } else if (token.content) {
      add({ kind: 'text', text: token.content });
    }
  }
  return root;
}
