// Calls about oneself, users, keys and the tokens of sessions.

import { http } from './client';
import type {
  CreateKey,
  CreateUser,
  CreatedKey,
  CreatedSessionToken,
  Key,
  LoginLink,
  MachineSession,
  Me,
  Quotas,
  SessionToken,
  SetQuotas,
  UpdateUser,
  User,
  UserReceipt,
} from './types';

const user = (id: string) => `/api/v1/users/${encodeURIComponent(id)}`;
const tokens = (session: string) => `/api/v1/sessions/${encodeURIComponent(session)}/tokens`;

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
  quotasOf: (id: string, signal?: AbortSignal) => http.get<Quotas>(`${user(id)}/quotas`, { signal }),
  setQuotasOf: (id: string, body: SetQuotas) => http.patch<Quotas>(`${user(id)}/quotas`, body),

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
