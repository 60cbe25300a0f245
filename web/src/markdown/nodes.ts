// What Markdown is turned into: a tree that components draw. There is no HTML in it, and no way to put any in.

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong'; children: Inline[] }
  | { kind: 'emphasis'; children: Inline[] }
  | { kind: 'strike'; children: Inline[] }
  /** `href` is null where the address is not one that may be followed. */
  | { kind: 'link'; href: string | null; address: string; children: Inline[] }
  /** `source` is null where the picture would have to be fetched. */
  | { kind: 'image'; source: string | null; href: string | null; address: string; alt: string }
  | { kind: 'break' };

export type Align = 'left' | 'center' | 'right' | null;

export type Block =
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'heading'; level: number; children: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; start: number | null; isTight: boolean; items: Block[][] }
  | { kind: 'table'; align: Align[]; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' };
