import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sessions as api } from '$/api/sessions';
import type { Session } from '$/api/types';
import { SessionList } from './session-list.svelte';
import { liveSessions } from './sessions.svelte';

let made = 0;
const session = (id: string, changes: Partial<Session> = {}) => ({ id, name: id, status: 'running', stopping: false, change: 0, ...changes }) as Session;
const ids = (list: SessionList) => list.items.map((item) => item.id);
/** Ids that no other test has used and that sort in the order of asking. */
const next = () => `ses_${String((made += 1)).padStart(6, '0')}`;

let list: SessionList;
let stop: () => void;
let answer: Session[];

beforeEach(async () => {
  vi.useFakeTimers();
  answer = [];
  vi.spyOn(api, 'list').mockImplementation(() => Promise.resolve({ items: answer, next_cursor: null, counts: null } as never));
  list = new SessionList();
  stop = list.start();
});

afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('a session made elsewhere comes first', async () => {
  const [old, young] = [next(), next()];
  answer = [session(old)];
  await list.show({});
  liveSessions.put(session(young));
  expect(ids(list)).toEqual([young, old]);
});

it('a row that somebody is at does not move, until they leave', async () => {
  const [old, young] = [next(), next()];
  answer = [session(old)];
  await list.show({});
  list.hold(true);
  liveSessions.put(session(young));
  expect(ids(list)).toEqual([old]);
  expect(list.waiting).toBe(1);
  list.hold(false);
  expect(ids(list)).toEqual([young, old]);
  expect(list.waiting).toBe(0);
});

it('an answer that the stream has overtaken changes nothing', async () => {
  const id = next();
  answer = [session(id, { change: 1 })];
  await list.show({});
  liveSessions.put(session(id, { status: 'stopped', change: 3 }));
  liveSessions.put(session(id, { stopping: true, change: 2 }));
  liveSessions.hold([session(id, { change: 1 })]);
  expect(list.items[0]).toMatchObject({ status: 'stopped', stopping: false });
});

it('a row changes in place, held or not', async () => {
  const id = next();
  answer = [session(id)];
  await list.show({});
  list.hold(true);
  liveSessions.put(session(id, { name: 'renamed' }));
  expect(list.items[0]!.name).toBe('renamed');
});

it('what was deleted is gone at once, and no late answer brings it back', async () => {
  const [kept, gone] = [next(), next()];
  answer = [session(gone), session(kept)];
  await list.show({});
  liveSessions.remove(gone);
  expect(ids(list)).toEqual([kept]);
  await list.reload();
  expect(ids(list)).toEqual([kept]);
});

it('a filter asks the server who belongs, once per burst', async () => {
  const [one, two] = [next(), next()];
  answer = [session(one)];
  await list.show({ status: 'running' });
  liveSessions.put(session(two));
  liveSessions.put(session(two, { status: 'stopped' }));
  answer = [session(two), session(one)];
  expect(ids(list)).toEqual([one]);
  await vi.advanceTimersByTimeAsync(500);
  expect(api.list).toHaveBeenCalledTimes(2);
  expect(ids(list)).toEqual([two, one]);
});

it('a first read that fails is an error; a later one leaves what is shown', async () => {
  vi.mocked(api.list).mockRejectedValueOnce(new Error('broken'));
  await list.show({});
  expect(list.state).toBe('failed');
  const id = next();
  answer = [session(id)];
  await list.show({});
  vi.mocked(api.list).mockRejectedValueOnce(new Error('broken'));
  await list.reload();
  expect(list.state).toBe('ready');
  expect(list.error?.message).toBe('broken');
  expect(ids(list)).toEqual([id]);
});
