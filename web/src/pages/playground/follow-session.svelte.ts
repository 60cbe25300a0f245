// Keeps a session's conversations, and the open one, as new as the events.

import { untrack } from 'svelte';
import { sessions } from '$/api/sessions';
import { liveSessions, whenResumed } from '$/live/sessions.svelte';
import type { ConversationList } from './conversation-list.svelte';
import type { OpenConversation } from './open-conversation.svelte';

/** Events come in bursts; the server is asked once per burst. */
const GATHER_MS = 300;
/** For "Send to": as many as a person would choose from. */
const MOST_OTHERS = 100;

/** Call while a component initialises; all of it ends with the component. */
export function followSession(id: string, list: ConversationList, talk: OpenConversation): void {
  $effect(() => {
    untrack(() => {
      void list.reload();
      // What runs besides. The events keep it new.
      sessions.list({ status: 'running' }, { limit: MOST_OTHERS }).then((page) => liveSessions.hold(page.items), () => {});
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        void list.reload();
        void talk.refresh();
      }, GATHER_MS);
    };
    const stops = [
      whenResumed(() => {
        talk.follower.reconnect();
        soon();
      }),
      liveSessions.listen((change) => {
        if (change.kind !== 'changed' || change.now.id !== id) return;
        const { before, now } = change;
        if (before?.usage.interactions !== now.usage.interactions || before.status !== now.status) soon();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
      clearTimeout(timer);
      talk.close();
      list.stop();
    };
  });
}
