// A real identity provider, `oidc-provider`, for the tests: `node provider.mjs [port]` prints its address when it is ready.
// A word after the port is the one way that clients show their secret.
//
// Whoever logs in with any password is who they say; POST /test/account gives them claims beside their name. POST /test/keys
// signs with other keys from then on, POST /test/tamper spoils the ID tokens in a way of choice.

import { createServer } from 'node:http';
import { SignJWT, decodeJwt, exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

// Nobody reads on once the address is known.
console.log = console.info = () => {};

const CALLBACK = 'http://127.0.0.1/api/v1/login/oidc/callback';
// Clients of this type are sent back to any port of loopback.
const client = (client_id, token_endpoint_auth_method, more = {}) => ({
  client_id,
  token_endpoint_auth_method,
  application_type: 'native',
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  ...more,
});
const client_secret = 'a secret of the tests, of 32 characters';
const clients = [
  client('viva', 'client_secret_basic', { client_secret }),
  client('viva-post', 'client_secret_post', { client_secret }),
  client('viva-public', 'none'),
];

const accounts = new Map();
let tampered = null;
let key;
let current;

async function build(issuer, method) {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), alg: 'RS256', use: 'sig' };
  key = { privateKey, kid: jwk.kid };
  const provider = new Provider(issuer, {
    clients: clients.filter((one) => !method || one.token_endpoint_auth_method === method),
    jwks: { keys: [jwk] },
    cookies: { keys: ['of the tests'] },
    clientAuthMethods: method ? [method] : ['client_secret_basic', 'client_secret_post', 'none'],
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: { openid: ['sub'], profile: ['preferred_username'], email: ['email'], groups: ['groups'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, email: `${id}@example.com`, ...accounts.get(id) }),
    }),
  });
  provider.use(async (context, next) => {
    await next();
    if (tampered && context.body?.id_token) context.body.id_token = await spoil(context.body.id_token);
  });
  current = provider.callback();
}

/** The token as it is, with one thing wrong. */
async function spoil(token) {
  const claims = decodeJwt(token);
  let { privateKey } = key;
  if (tampered === 'audience') claims.aud = 'somebody-else';
  if (tampered === 'issuer') claims.iss = 'https://evil.example';
  if (tampered === 'nonce') claims.nonce = 'of another login';
  if (tampered === 'no-nonce') delete claims.nonce;
  if (tampered === 'expired') claims.exp = claims.iat - 60;
  if (tampered === 'signature') ({ privateKey } = await generateKeyPair('RS256'));
  if (tampered === 'none') {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'none' })}.${part(claims)}.`;
  }
  if (tampered === 'symmetric') {
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(client_secret));
  }
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(privateKey);
}

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text || '{}');
}

const server = createServer(async (request, response) => {
  const test = { '/test/account': setAccount, '/test/keys': changeKeys, '/test/tamper': tamper }[request.url];
  if (!test) return current(request, response);
  await test(await body(request));
  response.writeHead(204).end();
});

const setAccount = async ({ id, claims }) => accounts.set(id, claims);
const changeKeys = async () => build(issuer());
const tamper = async ({ how }) => {
  tampered = how;
};

// Another site than the server under test, which is at 127.0.0.1: cookies are kept from it as they are from any other.
const issuer = () => `http://localhost:${server.address().port}`;

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', async () => {
  await build(issuer(), process.argv[3]);
  process.stdout.write(`ready ${issuer()}\n`);
});
