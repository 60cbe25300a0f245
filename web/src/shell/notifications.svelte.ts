// This browser's notifications: a session is ready, has failed, or is about to end. Only where a person wants them, and
// only while nobody looks at the console: what is seen needs no telling.

import { sessions } from '$/api/sessions';
import type { Session } from '$/api/types';
import { duration } from '$/format/duration';
import { serverNow } from '$/live/clock.svelte';
import { liveSessions } from '$/live/sessions.svelte';
import { navigate } from '$/router/router.svelte';
import { sessionPath } from '$/router/routes';
import { isEndingSoon, newsOf, type News } from './news';
import { preferences } from './preferences.svelte';

/** How often the ends of running sessions are looked at. A hidden tab is woken once a minute at best. */
const LOOK_MS = 1_000;
/** For another tab, which somebody looks at, to say so. */
const ATTENTION_MS = 300;

type Permission = NotificationPermission | 'unsupported';

const read = (): Permission => ('Notification' in window && window.isSecureContext ? Notification.permission : 'unsupported');
let permission = $state<Permission>(read());

export const notifications = {
  /** The browser's word: `denied` can only be changed in its settings for this site. */
  get permission(): Permission {
    return permission;
  },
  get isOn(): boolean {
    return preferences.notifies && permission === 'granted';
  },
  /** Never decided: worth asking where it matters. */
  get isUndecided(): boolean {
    return permission === 'default';
  },
  /** By a person's own click: browsers ask for nothing else. */
  async turnOn(): Promise<void> {
    if (permission === 'default') permission = await Notification.requestPermission();
    preferences.notifies = permission === 'granted';
  },
  turnOff(): void {
    preferences.notifies = false;
  },
};

const isSeen = () => document.visibilityState === 'visible' && document.hasFocus();

/** Watches until the returned function is called. */
export function startNotifications(): () => void {
  const channel = 'BroadcastChannel' in window ? new BroadcastChannel('viva-attention') : null;
  /** Running sessions whose end was told; told again only after it had moved away. */
  const warned = new Set<string>();
  let seenElsewhere = 0;
  channel?.addEventListener('message', () => (seenElsewhere = Date.now()));

  const tell = (session: Session, news: News) => {
    if (isSeen()) {
      channel?.postMessage('seen');
      return;
    }
    if (!notifications.isOn) return;
    const began = Date.now();
    setTimeout(() => {
      if (seenElsewhere >= began - ATTENTION_MS) return;
      show(session, news);
    }, ATTENTION_MS);
  };

  const stopListening = liveSessions.listen((change) => {
    if (change.kind === 'deleted') return;
    const news = newsOf(change.before, change.now, serverNow());
    if (news) tell(change.now, news);
  });

  const look = () => {
    for (const session of liveSessions.all()) {
      if (!isEndingSoon(session, serverNow())) warned.delete(session.id);
      else if (!warned.has(session.id)) {
        warned.add(session.id);
        const left = (Date.parse(session.stops_at!) - serverNow()) / 1_000;
        tell(session, { kind: 'ending', text: `It stops in ${duration(Math.max(1, left))}.` });
      }
    }
  };
  const timer = setInterval(look, LOOK_MS);

  // Sessions that no page has shown: their ends are to be known, too.
  if (notifications.isOn) {
    sessions
      .list({ status: 'running' }, { limit: 200 })
      .then((page) => liveSessions.hold(page.items))
      .catch(() => {
        // What was not read is known once an event tells of it.
      });
  }

  return () => {
    stopListening();
    clearInterval(timer);
    channel?.close();
  };
}

const words: Record<News['kind'], string> = { ready: 'Ready', failed: 'Failed', ending: 'Ending soon' };

function show(session: Session, news: News): void {
  try {
    // The tag makes one of what several tabs tell.
    const shown = new Notification(`${words[news.kind]}: ${session.name}`, { body: news.text, tag: `${session.id} ${news.kind}` });
    shown.onclick = () => {
      window.focus();
      navigate(sessionPath(session.id));
      shown.close();
    };
  } catch {
    // Phones allow notifications to service workers only.
    permission = 'unsupported';
  }
}
