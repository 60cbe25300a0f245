// What a model could write to have code run, or something fetched, in the reader's browser.

import { render } from '@testing-library/svelte';
import { expect, it } from 'vitest';
import { safeHref, safeImage } from './addresses';
import Markdown from './Markdown.svelte';

const hostile = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)><script>alert(1)</script></svg>',
  '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<math><mtext></mtext><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>',
  '<math href="javascript:alert(1)">x</math>',
  '<style>*{background:url(https://elsewhere.example/s)}</style>',
  '<form action="https://elsewhere.example"><input name=a><button>go</button></form>',
  '<base href="https://elsewhere.example/">',
  '<meta http-equiv="refresh" content="0;url=https://elsewhere.example">',
  '<a href="https://elsewhere.example" onclick="alert(1)">x</a>',
  '<details open ontoggle=alert(1)>x</details>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java\tscript:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](&#x6A;avascript&colon;alert(1))',
  '[x](\u0001javascript:alert(1))',
  '[x](vbscript:msgbox)',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[x](file:///etc/passwd)',
  '[x](blob:https://elsewhere.example/1)',
  '[x](/api/v1/sessions)',
  '[x](//elsewhere.example/x)',
  '[x](https://user:secret@elsewhere.example/)',
  '[x]: javascript:alert(1)\n\n[x]',
  '<javascript:alert(1)>',
  '![x](https://elsewhere.example/pixel.png)',
  '![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)',
  '![x](javascript:alert(1))',
  '[![x](https://elsewhere.example/p.png)](javascript:alert(1))',
  '![x" onerror="alert(1)](https://elsewhere.example/p.png)',
  '[x](https://example.com "a\\" onmouseover=\\"alert(1)")',
  '```"><script>alert(1)</script>\n</code><script>alert(1)</script>\n```',
  '```html\n<script>alert(1)</script>\n```',
  '| a |\n|---|\n| <script>alert(1)</script> |',
  '$$\\href{javascript:alert(1)}{x}$$ \\(\\unicode{<img src=x onerror=alert(1)>}\\)',
  '{@html "<script>alert(1)</script>"}',
  `${'> '.repeat(5_000)}x`,
  `${'['.repeat(5_000)}x`,
  `${'*a '.repeat(5_000)}`,
];

const ALLOWED = new Set([
  'A', 'BLOCKQUOTE', 'BR', 'BUTTON', 'CODE', 'DIV', 'EM', 'HR', 'LI', 'OL', 'P', 'PATH', 'PRE', 'S', 'SPAN', 'STRONG', 'SVG', 'TABLE', 'TBODY',
  'TD', 'TH', 'THEAD', 'TR', 'UL',
]);

it.each(hostile.map((text) => [text.slice(0, 80), text] as const))('draws %j as text', (_, text) => {
  const { container } = render(Markdown, { text });
  for (const element of container.querySelectorAll('*')) {
    expect(ALLOWED, element.outerHTML.slice(0, 200)).toContain(element.tagName.toUpperCase());
    for (const { name } of element.attributes) {
      expect(name).not.toMatch(/^on|^style$|^srcset$|^src$|^formaction$|^xlink/i);
    }
    // The only drawing is an icon of the Copy button.
    if (element.tagName.toLowerCase() === 'svg') expect(element.closest('button')).not.toBeNull();
    if (element instanceof HTMLAnchorElement) {
      expect(element.getAttribute('href')).toMatch(/^(https?:\/\/(?![^/]*@)|mailto:)/);
      expect(element.target).toBe('_blank');
      expect(element.rel).toContain('noopener');
    }
  }
});

it('keeps a bitmap that came with the text, and nothing else of data:', () => {
  expect(safeImage('data:image/png;base64,iVBORw0KGgo=')).not.toBeNull();
  expect(safeImage('data:image/svg+xml;base64,PHN2Zz4=')).toBeNull();
  expect(safeImage('data:image/png,<svg onload=alert(1)>')).toBeNull();
  expect(safeImage('https://example.com/a.png')).toBeNull();
});

it('follows the web and mail, written as such', () => {
  expect(safeHref('https://example.com/a?b#c')).toBe('https://example.com/a?b#c');
  expect(safeHref('mailto:a@example.com')).toBe('mailto:a@example.com');
  expect(safeHref('ftp://example.com')).toBeNull();
  expect(safeHref('example.com')).toBeNull();
});
