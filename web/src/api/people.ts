// Calls about oneself, users, keys, the tokens of sessions, and what everybody did.

import { http } from './client';
import type {
  AuditAction,
  AuditCheck,
  AuditEntry,
  CreateKey,
  CreateUser,
  CreatedKey,
  CreatedSessionToken,
  Key,
  LoginLink,
  MachineSession,
  Me,
  Page,
  Quotas,
  SessionToken,
  SetQuotas,
  UpdateUser,
  User,
  UserReceipt,
} from './types';

const user = (id: string) => `/api/v1/users/${encodeURIComponent(id)}`;
const quotas = (id: string | null) => `${id === null ? '/api/v1/machine' : user(id)}/quotas`;
const tokens = (session: string) => `/api/v1/sessions/${encodeURIComponent(session)}/tokens`;

/** Entries that meet all that is given. */
export interface AuditFilter {
  actor?: string | null;
  action?: AuditAction | null;
  target?: string | null;
}

interface All<T> {
  items: T[];
}

export const people = {
  me: (signal?: AbortSignal) => http.get<Me>('/api/v1/me', { signal }),

  list: (signal?: AbortSignal) => http.get<All<User>>('/api/v1/users', { signal }),
  create: (body: CreateUser) => http.post<User>('/api/v1/users', body),
  update: (id: string, body: UpdateUser) => http.patch<User>(user(id), body),
  /** With `owned`, everything that is theirs goes too. */
  delete: (id: string, owned: 'delete' | null) => http.delete<UserReceipt>(user(id), { query: { confirm: 'delete', owned } }),
  link: (id: string) => http.post<LoginLink>(`${user(id)}/login-links`),
  setPassword: (id: string, password: string, current?: string) => http.put<void>(`${user(id)}/password`, { password, current }),
  removePassword: (id: string) => http.delete<void>(`${user(id)}/password`),
  endLogins: (id: string) => http.delete<void>(`${user(id)}/logins`),

  quotas: (signal?: AbortSignal) => http.get<Quotas>('/api/v1/quotas', { signal }),
  /** Of a user, or with null of all together. */
  quotasOf: (id: string | null, signal?: AbortSignal) => http.get<Quotas>(quotas(id), { signal }),
  setQuotasOf: (id: string | null, body: SetQuotas) => http.patch<Quotas>(quotas(id), body),

  machine: (signal?: AbortSignal) => http.get<All<MachineSession>>('/api/v1/machine/sessions', { signal }),
  stopSession: (id: string) => http.post<MachineSession>(`/api/v1/machine/sessions/${encodeURIComponent(id)}/stop`),
};

export const keys = {
  list: (signal?: AbortSignal) => http.get<All<Key>>('/api/v1/keys', { signal }),
  create: (body: CreateKey) => http.post<CreatedKey>('/api/v1/keys', body),
  revoke: (id: string) => http.delete<void>(`/api/v1/keys/${encodeURIComponent(id)}`),
};

export const sessionTokens = {
  list: (session: string, signal?: AbortSignal) => http.get<All<SessionToken>>(tokens(session), { signal }),
  create: (session: string, name: string) => http.post<CreatedSessionToken>(tokens(session), { name }),
  revoke: (session: string, id: string) => http.delete<void>(`${tokens(session)}/${encodeURIComponent(id)}`),
};

export const audit = {
  list: (filter: AuditFilter, page: { limit?: number; cursor?: string | null }, signal?: AbortSignal) =>
    http.get<Page<AuditEntry>>('/api/v1/audit', { query: { ...filter, ...page }, signal }),
  check: () => http.get<AuditCheck>('/api/v1/audit/check'),
};
