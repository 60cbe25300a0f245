import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { ChatRequest } from '$/api/completions';
import { sample } from './samples';

const target = { base_url: 'http://127.0.0.1:1/v1', token: 'vses_1', model: "demo's" };
const request: ChatRequest = {
  messages: [{ role: 'user', content: `It's "quoted"\n$HOME \\n \`x\` 😀` }],
  temperature: 0.3,
  stop: ['\n', '#'],
  top_k: 40,
};

it('curl sends exactly the request, whatever is in it', () => {
  const script = `curl() { printf '%s' "$8"; }\n${sample('curl', request, target)}`;
  const body: unknown = JSON.parse(execFileSync('sh', ['-c', script], { encoding: 'utf8' }));
  expect(body).toEqual({ model: "demo's", ...request, stream: true });
});

it('javascript reads as the request', () => {
  const code = sample('javascript', request, target);
  const body = /create\((\{[\s\S]*?\n\})\);/.exec(code)![1]!;
  expect(new Function(`return (${body})`)()).toEqual({ model: "demo's", ...request, stream: true });
});

it('python gives what the client has no name for beside the rest', () => {
  const code = sample('python', request, target);
  expect(code).toContain('extra_body={\n        "top_k": 40\n    },');
  expect(code).toContain('    temperature=0.3,\n');
  expect(code).toContain('"It\'s \\"quoted\\"\\n$HOME');
});
