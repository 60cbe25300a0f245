// Splitting what a model thought from what it answered.

export interface Split {
  /** Null where there is none. */
  reasoning: string | null;
  /** The thinking has not ended yet. */
  isOpen: boolean;
  answer: string;
}

const OPEN = /^\s*<(think|thinking|reasoning)>/;
const CLOSE = /<\/(think|thinking|reasoning)>/;

/** Some templates open the thinking in the prompt: then only its end stands in the text. */
export function splitReasoning(text: string): Split {
  const open = OPEN.exec(text);
  const from = open ? open[0].length : 0;
  const close = CLOSE.exec(text.slice(from));
  if (close) {
    const reasoning = text.slice(from, from + close.index).trim();
    const answer = text.slice(from + close.index + close[0].length).trimStart();
    return { reasoning: reasoning || null, isOpen: false, answer };
  }
  if (open) return { reasoning: text.slice(from).trimStart(), isOpen: true, answer: '' };
  return { reasoning: null, isOpen: false, answer: text };
}
