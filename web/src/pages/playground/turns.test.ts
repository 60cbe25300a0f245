import { expect, it } from 'vitest';
import type { ChatMessage } from '$/api/completions';
import type { Completion } from '$/api/types';
import { contentText, historyAfter, promptKey, systemOf, Turns } from './turns';

function completion(id: string, messages: ChatMessage[], response: string, rest: Partial<Completion> = {}): Completion {
  return {
    id,
    session_id: 'ses_1',
    conversation: 'c',
    origin: 'playground',
    status: 'done',
    request: { messages } as never,
    response,
    choices: [],
    finish_reason: 'stop',
    usage: { prompt_tokens: 1, completion_tokens: 1 },
    timing: {},
    created_at: '2026-05-04T12:00:00Z',
    starred: false,
    ...rest,
  } as Completion;
}

const system = (content: string): ChatMessage => ({ role: 'system', content });
const user = (content: string): ChatMessage => ({ role: 'user', content });
const said = (content: string): ChatMessage => ({ role: 'assistant', content });

function of(...completions: Completion[]): Turns {
  const turns = new Turns();
  completions.forEach((one) => turns.put(one));
  return turns;
}

const shown = (turns: Turns, leaf: Completion) => turns.path(leaf).map(({ question, completion }) => [contentText(question), completion?.id]);

const one = completion('1', [user('a')], 'A');
const two = completion('2', [user('a'), said('A'), user('b')], 'B');

it('puts turns after each other by their messages', () => {
  const turns = of(two, one);
  expect(shown(turns, turns.newest()!)).toEqual([['a', '1'], ['b', '2']]);
});

it('takes a retry and an edited question for versions of a turn', () => {
  const retried = completion('3', [user('a')], 'A2');
  const edited = completion('4', [user('a!')], 'A3');
  const turns = of(one, two, retried, edited);
  expect(turns.path(edited)[0]!.versions).toEqual(['1', '3', '4']);
  expect(turns.end('1')!.id).toBe('2');
  expect(turns.end('3')!.id).toBe('3');
});

it('goes on from an answer whose system message was changed since', () => {
  const later = completion('2', [system('be brief'), user('a'), said('A'), user('b')], 'B');
  const turns = of(completion('1', [system('be long'), user('a')], 'A'), later);
  expect(shown(turns, later)).toEqual([['a', '1'], ['b', '2']]);
  expect(systemOf(later)).toBe('be brief');
});

it('draws what was said before, though its completions are not there', () => {
  const turns = of(two);
  const path = turns.path(two);
  expect(path[0]).toMatchObject({ question: 'a', completion: null, text: 'A' });
  expect(path[1]).toMatchObject({ question: 'b', completion: { id: '2' } });
});

it('draws an answer that came before any question', () => {
  const greeted = completion('1', [said('Hello'), user('a')], 'A');
  expect(of(greeted).path(greeted)).toMatchObject([{ question: '', text: 'Hello' }, { question: 'a' }]);
});

it('leaves the thinking out of what is sent again, and still finds the turn', () => {
  const thought = completion('1', [user('a')], '<think>hm</think>A');
  const turns = of(thought);
  expect(historyAfter(turns.path(thought))).toEqual([user('a'), said('A')]);
  turns.put(two);
  expect(shown(turns, two)).toEqual([['a', '1'], ['b', '2']]);
});

it('asks again from before an answer that broke before its first word', () => {
  const broken = completion('2', [user('a'), said('A'), user('b')], '', { finish_reason: 'error' });
  expect(historyAfter(of(one, broken).path(broken))).toEqual([user('a'), said('A')]);
});

it('knows the same prompt again, in another session too', () => {
  expect(promptKey([system('x'), user('a')])).toBe(promptKey([user('a')]));
  expect(promptKey([user('a')])).not.toBe(promptKey([user('b')]));
});

it('follows an answer without end only once', () => {
  // A completion whose messages are those of its own outcome cannot be, but a digest may collide.
  expect(of(one).end('1')!.id).toBe('1');
  expect(of(one).end('9')).toBeNull();
});

it('makes one turn of each of 250 completions', () => {
  const messages: ChatMessage[] = [];
  const all: Completion[] = [];
  for (let index = 0; index < 250; index += 1) {
    messages.push(user(`question ${index}`));
    all.push(completion(String(index).padStart(4, '0'), [...messages], `answer ${index}`));
    messages.push(said(`answer ${index}`));
  }
  const turns = of(...all);
  expect(turns.path(turns.newest()!)).toHaveLength(250);
  expect(turns.path(turns.newest()!).every(({ completion }) => completion !== null)).toBe(true);
});
