// Reading Server-Sent Events from a response's body. The browser's EventSource would not do: it cannot start from a given
// change, says nothing of a refused login, and cannot be told that a connection has gone quiet.

export interface ServerSentEvent {
  id: string;
  event: string;
  data: string;
}

/** Takes text in pieces of any size and gives the events that are complete. */
export class EventParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id = '';

  push(text: string): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) {
          events.push({ id: this.#id, event: this.#event || 'message', data: this.#data.join('\n') });
        }
        this.#event = '';
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') this.#event = value;
      else if (field === 'data') this.#data.push(value);
      else if (field === 'id') this.#id = value;
    }
    return events;
  }
}

/** Calls `onEvent` for each event until the body ends; `onBytes` for anything that comes, comments included. */
export async function readEvents(
  response: Response,
  onEvent: (event: ServerSentEvent) => void,
  onBytes: () => void = () => {},
): Promise<void> {
  if (!response.body) return;
  const parser = new EventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onBytes();
    for (const event of parser.push(value)) onEvent(event);
  }
}
