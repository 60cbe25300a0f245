// Roles and scopes in a person's words.

import type { Role, Scope, User } from '$/api/types';

export const ROLES: Record<Role, { label: string; may: string }> = {
  owner: { label: 'Owner', may: 'everything: it is their machine' },
  admin: { label: 'Admin', may: 'looks after members and viewers, sees what runs and can stop it' },
  member: { label: 'Member', may: 'opens sessions and has what is theirs' },
  viewer: { label: 'Viewer', may: 'looks at what is theirs, and changes nothing' },
};

/** The roles that a user of this role may give. */
export function givenBy(role: Role): Exclude<Role, 'owner'>[] {
  if (role === 'owner') return ['member', 'viewer', 'admin'];
  return role === 'admin' ? ['member', 'viewer'] : [];
}

/** Whether a user of this role looks after one of the other. */
export function looksAfter(role: Role, other: Role): boolean {
  return givenBy(role).some((given) => given === other);
}

/** What a user logs in by, beside links that an admin makes. */
export function waysOf(user: Pick<User, 'identity' | 'has_password'>): string {
  const ways = [user.identity ? 'provider' : null, user.has_password ? 'password' : null].filter((way) => way !== null);
  return ways.length > 0 ? ways.join(', ') : 'link';
}

export const SCOPES: Record<Scope, { label: string; may: string }> = {
  infer: { label: 'Ask models', may: '/v1, and the answers of the playground' },
  read: { label: 'Look', may: 'at sessions, completions, tasks, files and models' },
  manage: { label: 'Manage', may: 'look, create, change, stop and delete' },
  admin: { label: 'Administer', may: 'users, and what runs on the machine' },
};
