// A conversation as turns. The server keeps completions, each with all messages that it was asked with; which follows
// which, and which are versions of one turn (a retry, an edited question), is read from those messages. Pure.

import type { ChatMessage, ChatRequest } from '$/api/completions';
import type { Completion } from '$/api/types';
import { splitReasoning } from '$/completions/reasoning';

export type Content = ChatMessage['content'];

/** One question and its answer, as drawn. */
export interface Turn {
  key: string;
  /** The messages before the question, without the system's. */
  history: ChatMessage[];
  question: Content;
  /** Null where the answer is not among the loaded completions: then `text` is all that is known. */
  completion: Completion | null;
  text: string | null;
  /** Versions of this turn by id, oldest first. One is drawn. */
  versions: string[];
}

/** The messages that a completion was asked with. */
export function messagesOf(completion: Completion): ChatMessage[] {
  const { messages, prompt } = completion.request as { messages?: unknown; prompt?: unknown };
  if (Array.isArray(messages)) return messages as ChatMessage[];
  // A plain completion of the API has a prompt only.
  const text = Array.isArray(prompt) ? prompt.join('\n') : prompt;
  return [{ role: 'user', content: typeof text === 'string' ? text : '' }];
}

const isSystem = ({ role }: ChatMessage) => role !== 'user' && role !== 'assistant';

/** The system message of a request; several are one text. */
export function systemOf(completion: Completion): string {
  return messagesOf(completion)
    .filter(isSystem)
    .map(({ content }) => contentText(content))
    .join('\n\n');
}

export function contentText(content: Content): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : '')).filter(Boolean).join('\n');
}

export function contentImages(content: Content): string[] {
  if (typeof content === 'string') return [];
  return content.flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : []));
}

/** What an answer is in the messages of the next request: without the thinking, which models do not expect to see again. */
export function answerInHistory(text: string): string {
  return splitReasoning(text).answer;
}

/** A 53-bit digest of the messages so far: equal histories have equal keys. */
function extend(key: string, message: ChatMessage): string {
  const content = typeof message.content === 'string' ? message.content : JSON.stringify(message.content);
  const text = `${key}\u0000${message.role}\u0000${content}`;
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36);
}

const ROOT = '';

/** Where a completion stands: what came before its question, with the question, and with the answer. */
interface Place {
  history: string;
  prompt: string;
  outcome: string | null;
}

function placeOf(completion: Completion): Place {
  const messages = messagesOf(completion).filter((message) => !isSystem(message));
  const last = messages.findLastIndex(({ role }) => role === 'user');
  let history = ROOT;
  for (const message of messages.slice(0, Math.max(0, last))) history = extend(history, message);
  let prompt = history;
  for (const message of messages.slice(Math.max(0, last))) prompt = extend(prompt, message);
  const isDone = completion.status === 'done' && completion.response !== '';
  const outcome = isDone ? extend(prompt, { role: 'assistant', content: answerInHistory(completion.response) }) : null;
  return { history, prompt, outcome };
}

/** The key of the messages that a request ends with: two requests with equal keys ask the same. */
export function promptKey(messages: readonly ChatMessage[]): string {
  return messages.filter((message) => !isSystem(message)).reduce(extend, ROOT);
}

/** The completions of one conversation, and the turns that they make. */
export class Turns {
  readonly #byId = new Map<string, Completion>();
  readonly #places = new Map<string, Place>();

  get(id: string): Completion | undefined {
    return this.#byId.get(id);
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): Completion[] {
    return [...this.#byId.values()];
  }

  put(completion: Completion): void {
    this.#byId.set(completion.id, completion);
    this.#places.set(completion.id, placeOf(completion));
  }

  remove(id: string): void {
    this.#byId.delete(id);
    this.#places.delete(id);
  }

  /** The completion asked for last. Ids sort by creation. */
  newest(): Completion | null {
    let newest: Completion | null = null;
    for (const completion of this.#byId.values()) if (!newest || completion.id > newest.id) newest = completion;
    return newest;
  }

  /** The newest completion that goes on from `id`, itself where none does. */
  end(id: string): Completion | null {
    let at = this.#byId.get(id) ?? null;
    for (const seen = new Set<string>(); at && !seen.has(at.id); ) {
      seen.add(at.id);
      const outcome = this.#places.get(at.id)!.outcome;
      const next = outcome === null ? undefined : this.#with((place) => place.history === outcome).at(-1);
      if (!next) break;
      at = this.#byId.get(next)!;
    }
    return at;
  }

  /** The turns up to and with `leaf`. */
  path(leaf: Completion): Turn[] {
    const messages = messagesOf(leaf).filter((message) => !isSystem(message));
    const keys = [ROOT];
    for (const message of messages) keys.push(extend(keys.at(-1)!, message));
    const byOutcome = new Map<string, string>();
    const byHistory = new Map<string, string[]>();
    for (const id of [...this.#places.keys()].sort()) {
      const { history, outcome } = this.#places.get(id)!;
      if (outcome !== null) byOutcome.set(outcome, id);
      byHistory.set(history, [...(byHistory.get(history) ?? []), id]);
    }
    const turns: Turn[] = [];
    const last = messages.findLastIndex(({ role }) => role === 'user');
    for (const [index, { role, content }] of messages.entries()) {
      if (role === 'assistant') {
        // Already drawn with its question, unless it came first.
        const turn = turns.at(-1);
        if (turn && turn.text === null && turn.completion === null) turn.text = contentText(content);
        else if (!turn) turns.push({ key: `said-${index}`, history: [], question: '', completion: null, text: contentText(content), versions: [] });
        continue;
      }
      const answer = messages[index + 1]?.role === 'assistant' ? byOutcome.get(keys[index + 2]!) : undefined;
      const id = index === last ? leaf.id : answer;
      const versions = byHistory.get(keys[index]!) ?? [];
      turns.push({
        key: id ?? `asked-${index}-${keys[index + 1]}`,
        history: messages.slice(0, index),
        question: content,
        completion: id ? this.#byId.get(id)! : null,
        text: null,
        versions: id ? versions : [],
      });
    }
    return turns;
  }

  #with(test: (place: Place) => boolean): string[] {
    return [...this.#places].filter(([, place]) => test(place)).map(([id]) => id).sort();
  }
}

/** The messages that a question after these turns is asked with. An answer that broke before its first word is left out. */
export function historyAfter(turns: readonly Turn[]): ChatMessage[] {
  const last = turns.at(-1);
  if (!last) return [];
  const text = last.completion ? last.completion.response : last.text;
  if (!text) return last.history;
  const asked: ChatMessage[] = last.question === '' ? [] : [{ role: 'user', content: last.question }];
  return [...last.history, ...asked, { role: 'assistant', content: answerInHistory(text) }];
}

/** A completion's request as somebody else would send it: what this console added is left out. */
export function requestOf(completion: Completion): ChatRequest {
  const { conversation: _, model: __, stream: ___, stream_options: ____, ...request } = completion.request as Record<string, unknown>;
  return { ...request, messages: messagesOf(completion) } as ChatRequest;
}
