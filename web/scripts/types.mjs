// Generates src/api/schema.d.ts from the OpenAPI document.

import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const document = JSON.parse(await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8'));

// A field with a default may be left out of a request.
const types = astToString(await openapiTS(document, { defaultNonNullable: false }));
const target = new URL('../src/api/schema.d.ts', import.meta.url);
const present = await readFile(target, 'utf8').catch(() => '');
if (types !== present) await writeFile(target, types);
