#!/usr/bin/env python3
"""Compares the GGUF under llama.cpp with this code: tokens, and greedy answers. Needs llama-cpp-python, jinja2."""

import argparse
import json
import random
from pathlib import Path

from jinja2 import Environment
from llama_cpp import Llama

from viva_demo import chat, unknown, vocabulary
from viva_demo.conversation import conversation

STRANGE = ["", " ", "\n\n", "Zoë dit: « ça va »", "你好，世界", "🙂🚀👩‍👩‍👧", "a\tb  c   d\r\n e", "it's I'M we'll They'd've",
           "x=1;y+=22222222", "“quoted” ‘word’ …", "İstanbul ǅ ﬁ ½ ² Ⅷ ٣٤ नमस्ते", "\u200b\u00a0\u2028", "THE capital of  FRANCE??",
           "é e\u0301 ñ", "\x01\x7f", "a_b-c/d\\e", "   three spaces", "tail   ", "'s 'S 'ſ", "<|im_ end|> <|x|>"]


def same_tokens(llama, tokenizer, count):
    rng = random.Random(5)
    texts = list(STRANGE)
    for _ in range(count):
        for _, text in conversation(rng, lambda found: len(found) <= 5):
            texts.append(text)
        texts.append(unknown.unknown(rng, False)[0])
        texts.append("".join(chr(rng.choice([rng.randint(1, 0x2FF), rng.randint(1, 0xD7FF), rng.randint(0x1F300, 0x1FAFF)]))
                             for _ in range(20)))
    wrong = [t for t in texts if llama.tokenize(t.encode(), add_bos=True, special=False) != tokenizer.encode(t)]
    print(f"tokens: {len(texts) - len(wrong)} of {len(texts)} texts equal")
    for text in wrong[:10]:
        print("  differs:", repr(text))


def rendered(template, messages):
    asked = [{"role": role, "content": text} for role, text in messages]
    return template.render(messages=asked, add_generation_prompt=True)


def answer(llama, prompt, most=400):
    ids = llama.tokenize(prompt.encode(), add_bos=True, special=True)
    out = []
    for token in llama.generate(ids, temp=0.0, repeat_penalty=1.0):
        if token == llama.token_eos() or len(out) == most:
            return ids, llama.detokenize(out).decode(errors="replace"), token == llama.token_eos()
        out.append(token)


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("gguf", type=Path)
    parse.add_argument("--prompts", type=Path, help="JSON: a list of conversations, each a list of [role, text]")
    parse.add_argument("--texts", type=int, default=300)
    args = parse.parse_args()
    tokenizer = vocabulary.build()
    llama = Llama(str(args.gguf), n_ctx=1024, verbose=False)
    same_tokens(llama, tokenizer, args.texts)
    template = Environment().from_string(llama.metadata["tokenizer.chat_template"])
    for messages in json.loads(args.prompts.read_text()) if args.prompts else []:
        ids, text, ended = answer(llama, rendered(template, messages))
        same = ids == chat.prompt_tokens(tokenizer, messages)
        print(json.dumps({"prompt": messages, "answer": text, "ended": ended, "same_tokens": same}, ensure_ascii=False))


if __name__ == "__main__":
    main()
