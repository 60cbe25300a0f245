import { expect, it } from 'vitest';
import { matching, sectionsOf } from './openapi';

const document = {
  paths: {
    '/api/v1/sessions': {
      get: { operationId: 'list_sessions', summary: 'List sessions.', tags: ['sessions'], parameters: [] },
      post: {
        operationId: 'create_session',
        summary: 'Create a\nsession.',
        tags: ['sessions'],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/CreateSession' } } } },
        responses: { 201: { description: 'The session', content: { 'application/json': { schema: { $ref: '#/components/schemas/Session' } } } } },
      },
    },
    '/api/v1/models': { post: { summary: 'Add a model.', requestBody: { content: { 'application/octet-stream': {} } } } },
  },
};

it('orders the operations by tag, with the names of their schemas', () => {
  const sections = sectionsOf(document);
  expect(sections.map(({ tag, operations }) => [tag, operations.length])).toEqual([['sessions', 2], ['other', 1]]);
  expect(sections[0]!.operations[1]).toMatchObject({ method: 'POST', summary: 'Create a session.', body: 'CreateSession' });
  expect(sections[0]!.operations[1]!.responses).toEqual([{ status: '201', description: 'The session', schema: 'Session' }]);
  expect(sections[1]!.operations[0]).toMatchObject({ id: 'post /api/v1/models', body: 'application/octet-stream' });
});

it('finds operations by the words of a question', () => {
  const sections = sectionsOf(document);
  expect(matching(sections, 'How do I create a session?').map(({ id }) => id)[0]).toBe('create_session');
  expect(matching(sections, 'the weather')).toEqual([]);
});
