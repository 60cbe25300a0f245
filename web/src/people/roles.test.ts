import { describe, expect, it } from 'vitest';
import { givenBy, looksAfter } from './roles';

describe('roles', () => {
  it('are given by who looks after them', () => {
    expect(givenBy('owner')).toEqual(['member', 'viewer', 'admin']);
    expect(givenBy('admin')).toEqual(['member', 'viewer']);
    expect(givenBy('member')).toEqual([]);
    expect(givenBy('viewer')).toEqual([]);
  });

  it('make nobody look after the owner', () => {
    for (const role of ['owner', 'admin', 'member', 'viewer'] as const) expect(looksAfter(role, 'owner')).toBe(false);
    expect(looksAfter('owner', 'admin')).toBe(true);
    expect(looksAfter('admin', 'admin')).toBe(false);
  });
});
