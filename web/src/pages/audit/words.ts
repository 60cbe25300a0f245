// What the audit log tells, in a person's words.

import type { AuditAction, AuditVia } from '$/api/types';

export const ACTIONS: Record<AuditAction, string> = {
  login: 'Logged in',
  logout: 'Logged out',
  'logins.end': 'Ended all logins of a user',
  'login_link.create': 'Made a login link',
  'user.create': 'Created a user',
  'user.change': 'Changed a user',
  'user.delete': 'Deleted a user',
  'password.set': 'Set a password',
  'password.remove': 'Removed a password',
  'key.create': 'Created an API key',
  'key.revoke': 'Withdrew an API key',
  'token.create': 'Created a token of a session',
  'token.revoke': 'Withdrew a token of a session',
  'quota.set': 'Changed quotas',
  'session.create': 'Created a session',
  'session.change': 'Changed a session',
  'session.stop': 'Stopped a session',
  'session.delete': 'Deleted a session',
  'completion.delete': 'Deleted a completion',
  'task.delete': 'Deleted a task',
  'test_set.delete': 'Deleted a test set',
  'file.delete': 'Removed a file',
  'model.create': 'Added a model',
  'model.change': 'Changed a model',
  'model.delete': 'Removed a model',
};

export const VIA: Record<AuditVia, string> = {
  login: 'in a browser',
  token: 'with their token',
  key: 'with an API key',
  link: 'by a login link',
  password: 'by password',
  oidc: 'by the identity provider',
  server: 'by itself',
};

export function isAction(text: string | null): text is AuditAction {
  return text !== null && Object.hasOwn(ACTIONS, text);
}
