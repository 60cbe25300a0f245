// Calls about the server and the login.

import { http } from './client';
import type { LogIn, LoginWays, System } from './types';

export const system = {
  load: (signal?: AbortSignal) => http.get<System>('/api/v1/system', { signal }),
  /** What a browser can log in by, beside a token and a password. */
  loginWays: (signal?: AbortSignal) => http.get<LoginWays>('/api/v1/login', { signal }),
  login: (way: LogIn) => http.post<void>('/api/v1/login', way),
  logout: () => http.post<void>('/api/v1/logout'),
};
