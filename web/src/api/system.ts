// Calls about the server and the login.

import { http } from './client';
import type { System } from './types';

export const system = {
  load: (signal?: AbortSignal) => http.get<System>('/api/v1/system', { signal }),
  login: (token: string) => http.post<void>('/api/v1/login', { token }),
  logout: () => http.post<void>('/api/v1/logout'),
};
