import { expect, it } from 'vitest';
import { ApiError, toApiError } from './error';

it('a problem becomes an error with its fields', async () => {
  const body = {
    type: '/docs/troubleshooting#invalid_request',
    title: 'The request breaks a rule',
    status: 422,
    detail: '`name` is taken',
    code: 'invalid_request',
    errors: [{ field: 'stop.after_seconds', code: 'out_of_range', message: 'at most 86400' }],
    figures: { limit: 20 },
  };
  const response = new Response(JSON.stringify(body), { status: 422, headers: { 'retry-after': '7' } });
  const error = await ApiError.from(response);
  expect(error).toMatchObject({ code: 'invalid_request', message: '`name` is taken', status: 422, retryAfter: 7, figures: { limit: 20 } });
  expect(error.field('stop')?.message).toBe('at most 86400');
  expect(error.field('name')).toBeUndefined();
});

it("a proxy's page is an error all the same", async () => {
  const error = await ApiError.from(new Response('<html>', { status: 502 }));
  expect(error).toMatchObject({ code: 'unreadable', status: 502, message: 'The server answered 502' });
});

it('a bug of the console is shown like one of the server', () => {
  expect(toApiError(new TypeError('x is undefined'))).toMatchObject({ code: 'internal', message: 'x is undefined' });
});
