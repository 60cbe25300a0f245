// Calls about the server and the login.

import { http } from './client';
import type { LogIn, System } from './types';

export const system = {
  load: (signal?: AbortSignal) => http.get<System>('/api/v1/system', { signal }),
  login: (way: LogIn) => http.post<void>('/api/v1/login', way),
  logout: () => http.post<void>('/api/v1/logout'),
};
