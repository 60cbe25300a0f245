// Calls about the server and the login.

import type { System } from './additions';
import { http } from './client';

export const system = {
  load: (signal?: AbortSignal) => http.get<System>('/api/v1/system', { signal }),
  login: (token: string) => http.post<void>('/api/v1/login', { token }),
  logout: () => http.post<void>('/api/v1/logout'),
};
