// Matching a path against patterns. Pure; the router holds the state.

export type Parameters = Readonly<Record<string, string>>;

/** `/sessions/:id` against `/sessions/ses_1`: `{id: 'ses_1'}`; null where it does not match. A trailing slash is ignored. */
export function matchPath(pattern: string, path: string): Parameters | null {
  const expected = split(pattern);
  const given = split(path);
  if (expected.length !== given.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, part] of expected.entries()) {
    const value = given[index]!;
    if (part.startsWith(':')) {
      const decoded = decode(value);
      if (decoded === null) return null;
      parameters[part.slice(1)] = decoded;
    } else if (part !== value) {
      return null;
    }
  }
  return parameters;
}

/** Where a login leads back to: a path of this site, else the first page. */
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) && !next.startsWith('/login') ? next : '/';
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
