// Every address of the console and the module that draws it. Modules are loaded when first visited.
// A new page: its folder in pages/, one line here.

import type { Component } from 'svelte';
import { matchPath, type Parameters } from './match';

// Pages take what their pattern names; the router passes it as it is.
type Module = { default: Component<any> };

export interface Route {
  pattern: string;
  page: () => Promise<Module>;
  /** Drawn around the page and kept while pages within it change. */
  frame?: () => Promise<Module>;
  /** Which entry of the header's navigation it belongs to. */
  section: 'sessions' | 'test-sets' | 'models' | 'documentation' | 'settings' | null;
  /** Without header: the login. */
  isBare?: boolean;
}

const session = { frame: () => import('$/pages/session/SessionFrame.svelte'), section: 'sessions' } as const;

export const routes: readonly Route[] = [
  { pattern: '/', page: () => import('$/pages/sessions/SessionsPage.svelte'), section: 'sessions' },
  { pattern: '/sessions', page: () => import('$/pages/sessions/SessionsPage.svelte'), section: 'sessions' },
  { pattern: '/new', page: () => import('$/pages/new/NewSessionPage.svelte'), section: 'sessions' },
  { pattern: '/sessions/:id', page: () => import('$/pages/playground/PlaygroundPage.svelte'), ...session },
  { pattern: '/sessions/:id/playground', page: () => import('$/pages/playground/PlaygroundPage.svelte'), ...session },
  { pattern: '/sessions/:id/history', page: () => import('$/pages/history/HistoryPage.svelte'), ...session },
  { pattern: '/sessions/:id/tasks', page: () => import('$/pages/tasks/TasksPage.svelte'), ...session },
  { pattern: '/sessions/:id/tasks/new', page: () => import('$/pages/new-task/NewTaskPage.svelte'), ...session },
  { pattern: '/sessions/:id/tasks/:task', page: () => import('$/pages/tasks/TaskPage.svelte'), ...session },
  { pattern: '/sessions/:id/files', page: () => import('$/pages/files/FilesPage.svelte'), ...session },
  { pattern: '/sessions/:id/api', page: () => import('$/pages/api/ApiPage.svelte'), ...session },
  { pattern: '/sessions/:id/activity', page: () => import('$/pages/activity/ActivityPage.svelte'), ...session },
  { pattern: '/sessions/:id/details', page: () => import('$/pages/details/DetailsPage.svelte'), ...session },
  { pattern: '/compare', page: () => import('$/pages/compare/ComparePage.svelte'), section: 'sessions' },
  { pattern: '/test-sets', page: () => import('$/pages/test-sets/TestSetsPage.svelte'), section: 'test-sets' },
  { pattern: '/test-sets/:id', page: () => import('$/pages/test-sets/TestSetPage.svelte'), section: 'test-sets' },
  { pattern: '/models', page: () => import('$/pages/models/ModelsPage.svelte'), section: 'models' },
  { pattern: '/models/:id', page: () => import('$/pages/models/ModelsPage.svelte'), section: 'models' },
  // Not /docs: that path is the server's, which answers with the pages themselves.
  { pattern: '/documentation', page: () => import('$/pages/docs/DocsPage.svelte'), section: 'documentation' },
  { pattern: '/documentation/:page', page: () => import('$/pages/docs/DocsPage.svelte'), section: 'documentation' },
  { pattern: '/users', page: () => import('$/pages/users/UsersPage.svelte'), section: 'settings' },
  { pattern: '/audit', page: () => import('$/pages/audit/AuditPage.svelte'), section: 'settings' },
  { pattern: '/settings', page: () => import('$/pages/settings/SettingsPage.svelte'), section: 'settings' },
  { pattern: '/login', page: () => import('$/pages/login/LoginPage.svelte'), section: null, isBare: true },
];

export function matchRoute(path: string): { route: Route; parameters: Parameters } | null {
  for (const route of routes) {
    const parameters = matchPath(route.pattern, path);
    if (parameters) return { route, parameters };
  }
  return null;
}

type SessionTab = 'playground' | 'history' | 'tasks' | 'files' | 'api' | 'activity' | 'details';

/** The address of a session, or of one of its tabs. */
export function sessionPath(id: string, tab: SessionTab = 'playground'): string {
  return `/sessions/${encodeURIComponent(id)}/${tab}`;
}

/** The address of a task, or of the form for a new one. */
export function taskPath(session: string, task = 'new'): string {
  return `${sessionPath(session, 'tasks')}/${encodeURIComponent(task)}`;
}

/** The address of a test set. */
export function testSetPath(id: string): string {
  return `/test-sets/${encodeURIComponent(id)}`;
}
