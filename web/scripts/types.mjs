// Generates src/api/schema.d.ts from the OpenAPI document.

import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const document = JSON.parse(await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));

// The document refers to a schema that it does not define. Without a stand-in nothing could be generated.
for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)) {
  document.components.schemas[name] ??= { type: 'string' };
}

// A field with a default may be left out of a request.
const types = astToString(await openapiTS(document, { defaultNonNullable: false }));
const target = new URL('../src/api/schema.d.ts', import.meta.url);
const present = await readFile(target, 'utf8').catch(() => '');
if (types !== present) await writeFile(target, types);
