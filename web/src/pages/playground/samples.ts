// A request as code that runs as pasted. Pure.

import type { ChatRequest } from '$/api/completions';

export type SampleLanguage = 'curl' | 'python' | 'javascript';

export interface Target {
  base_url: string;
  token: string;
  model: string;
}

/** What OpenAI's clients have names for; the rest goes beside it. */
const KNOWN = new Set([
  'messages', 'temperature', 'top_p', 'max_tokens', 'stop', 'seed', 'presence_penalty', 'frequency_penalty', 'model',
]);

export function sample(language: SampleLanguage, request: ChatRequest, target: Target): string {
  switch (language) {
    case 'curl':
      return curl(request, target);
    case 'python':
      return python(request, target);
    case 'javascript':
      return javascript(request, target);
  }
}

/** A single-quoted word of a POSIX shell. */
const shell = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** A literal that Python and JavaScript read alike: only texts, numbers, lists and objects are in a request. */
const literal = (value: unknown, indent = '') => JSON.stringify(value, null, 4).replaceAll('\n', `\n${indent}`);

function curl(request: ChatRequest, { base_url, token, model }: Target): string {
  return [
    `curl -N ${shell(`${base_url}/chat/completions`)}`,
    `-H ${shell(`Authorization: Bearer ${token}`)}`,
    `-H 'Content-Type: application/json'`,
    `-d ${shell(JSON.stringify({ model, ...request, stream: true }, null, 2))}\n`,
  ].join(' \\\n  ');
}

function python(request: ChatRequest, { base_url, token, model }: Target): string {
  const entries = Object.entries(request);
  const known = entries.filter(([name]) => KNOWN.has(name)).map(([name, value]) => `    ${name}=${literal(value, '    ')},`);
  const others = Object.fromEntries(entries.filter(([name]) => !KNOWN.has(name)));
  if (Object.keys(others).length > 0) known.push(`    extra_body=${literal(others, '    ')},`);
  return `from openai import OpenAI

client = OpenAI(base_url=${literal(base_url)}, api_key=${literal(token)})

stream = client.chat.completions.create(
    model=${literal(model)},
${known.join('\n')}
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
`;
}

function javascript(request: ChatRequest, { base_url, token, model }: Target): string {
  const lines = Object.entries(request).map(([name, value]) => `  ${name}: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')},`);
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: ${literal(base_url)}, apiKey: ${literal(token)} });

const stream = await client.chat.completions.create({
  model: ${literal(model)},
${lines.join('\n')}
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}
console.log();
`;
}
