// Whether the person may change anything. What would only be refused is not offered: a button with `changes` is left
// out, an entry of a menu says why it does not apply.

import { system } from '$/live/system.svelte';

export const VIEWERS_LOOK = 'Viewers look, and change nothing';

export const permission = {
  /** True until the server has told who somebody is. */
  get mayChange(): boolean {
    return system.current?.user.role !== 'viewer';
  },
};
