// The server's description of its own interface, as far as the reference shows it. Pure, but for the reading.

import { http } from '$/api/client';

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header' | 'cookie';
  required?: boolean;
  description?: string;
}

export interface Operation {
  method: string;
  path: string;
  id: string;
  summary: string;
  parameters: readonly Parameter[];
  /** Name of the body's schema, where it has one. */
  body: string | null;
  responses: readonly { status: string; description: string; schema: string | null }[];
}

export interface Section {
  tag: string;
  operations: readonly Operation[];
}

type Content = Record<string, { schema?: { $ref?: string } }>;

interface Document {
  paths: Record<string, Record<string, RawOperation>>;
}

interface RawOperation {
  operationId?: string;
  summary?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content?: Content };
  responses?: Record<string, { description?: string; content?: Content }>;
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

export const loadDescription = (signal?: AbortSignal) => http.get<Document>('/api/openapi.json', { signal });

/** By tag, in the order of the document. */
export function sectionsOf(document: Document): Section[] {
  const sections = new Map<string, Operation[]>();
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of methods) {
      const raw = operations[method];
      if (!raw) continue;
      const tag = raw.tags?.[0] ?? 'other';
      sections.set(tag, [...(sections.get(tag) ?? []), operation(method, path, raw)]);
    }
  }
  return [...sections].map(([tag, operations]) => ({ tag, operations }));
}

/** Operations that hold a word of the question, those with most of them first. */
export function matching(sections: readonly Section[], question: string): Operation[] {
  const words = question.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter((word) => word.length > 2);
  const scored = sections
    .flatMap((section) => section.operations)
    .map((found) => {
      const text = `${found.summary} ${found.path} ${found.id} ${found.parameters.map(({ name, description }) => `${name} ${description}`).join(' ')}`.toLowerCase();
      return { found, score: words.filter((word) => text.includes(word)).length };
    });
  return scored.filter(({ score }) => score > 0).sort((one, other) => other.score - one.score).slice(0, 8).map(({ found }) => found);
}

function operation(method: string, path: string, raw: RawOperation): Operation {
  return {
    method: method.toUpperCase(),
    path,
    id: raw.operationId ?? `${method} ${path}`,
    summary: (raw.summary ?? '').replaceAll('\n', ' '),
    parameters: raw.parameters ?? [],
    body: schemaOf(raw.requestBody?.content),
    responses: Object.entries(raw.responses ?? {}).map(([status, response]) => ({
      status,
      description: response.description ?? '',
      schema: schemaOf(response.content),
    })),
  };
}

function schemaOf(content: Content | undefined): string | null {
  const [type, media] = Object.entries(content ?? {})[0] ?? [];
  return media?.schema?.$ref?.split('/').at(-1) ?? type ?? null;
}
