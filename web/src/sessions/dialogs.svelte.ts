// Which dialog about which sessions is open. One per page: pass it to SessionDialogs and to sessionEntries.

import type { Session } from '$/api/types';
import { sessionPath } from '$/router/routes';
import type { MenuEntry } from '$/ui/Menu.svelte';
import { endpointRefusal, extendRefusal, likeThisPath, stopRefusal } from './actions';

export type DialogKind = 'stop' | 'delete' | 'extend';

export class SessionDialogState {
  kind = $state<DialogKind | null>(null);
  sessions = $state.raw<readonly Session[]>([]);

  ask(kind: DialogKind, sessions: readonly Session[]): void {
    this.sessions = sessions;
    this.kind = kind;
  }
}

/** The entries of a session's ⋮ menu. Leave `onrename` out where the name is changed elsewhere. */
export function sessionEntries(session: Session, dialogs: SessionDialogState, onrename?: () => void): MenuEntry[] {
  return [
    { label: 'Open', icon: 'arrowRight', href: sessionPath(session.id) },
    { label: 'Get API endpoint', icon: 'code', href: sessionPath(session.id, 'api'), disabledBecause: endpointRefusal(session) },
    { label: 'Extend', changes: true, icon: 'clock', onselect: () => dialogs.ask('extend', [session]), disabledBecause: extendRefusal(session) },
    ...(onrename ? [{ label: 'Rename', changes: true, icon: 'edit', onselect: onrename } as const] : []),
    { label: 'New session like this one', changes: true, icon: 'plus', href: likeThisPath(session) },
    'line',
    { label: 'Stop', changes: true, icon: 'stop', onselect: () => dialogs.ask('stop', [session]), disabledBecause: stopRefusal(session) },
    { label: 'Delete', changes: true, icon: 'trash', onselect: () => dialogs.ask('delete', [session]), isDanger: true },
  ];
}
