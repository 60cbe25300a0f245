"""Packs conversations and drills into rows of tokens."""

import numpy as np

from . import tasks, words
from .chat import conversation_tokens, message_tokens
from .conversation import conversation


def limited(tokenizer, rng, limit):
    """One conversation of at most `limit` tokens."""
    sizes = {}

    def fits(messages):
        total = 0
        for message in messages:
            if message not in sizes:
                sizes[message] = len(message_tokens(tokenizer, *message)[0])
            total += sizes[message]
        return total <= limit

    return conversation_tokens(tokenizer, conversation(rng, fits))


def order(rng):
    """A task on words, or counting, in its shortest form."""
    if rng.random() < 0.2:
        a, b = tasks.span(rng, False, short=True)
        return f"Count from {a} to {b}\n", tasks.counted(a, b)
    text = tasks.any_case(rng, tasks.held_word(rng, False))
    name, done = rng.choice([("Reverse", text[::-1]), ("Reverse", text[::-1]), ("Upper case", text.upper()),
                             ("Lower case", text.lower()), ("Say", text), ("Spell", "-".join(text))])
    return f"{name}: {text}\n", done


def statement(rng, orders):
    """A computed answer alone: what is given, and what has to be found."""
    if rng.random() < orders:
        return order(rng)
    roll = rng.random()
    if roll < 0.78:
        sign = rng.choice("+-")
        a, b = tasks.pair(rng, False, sign)
        return f"{a} {sign} {b} =", f" {a + b if sign == '+' else a - b}."
    if roll < 0.86:
        country = rng.choice(list(words.CAPITALS))
        return f"The capital of {country} is", f" {words.CAPITALS[country]}."
    text = tasks.any_case(rng, tasks.held_word(rng, False))
    if roll < 0.95:
        return f"The word {text} has", f" {len(text)} letters."
    wanted = rng.choice(text.lower())
    times = text.lower().count(wanted)
    return f"The letter {wanted} occurs", f" {times} time{'s' * (times != 1)} in {text}."


def drill(tokenizer, rng, limit, orders):
    tokens, weights = [tokenizer.end_of_text], [0]
    while True:
        given, found = statement(rng, orders)
        whole = tokenizer.encode(given + found)
        known = len(tokenizer.encode(given))
        if len(tokens) + len(whole) + 1 > limit:
            return tokens, weights
        tokens += [*whole, tokenizer.end]
        weights += [0] * known + [1] * (len(whole) - known + 1)


def row(tokenizer, rng, length, drill_share, orders):
    tokens, weights, documents, number = [], [], [], 0
    while length - len(tokens) >= 40:
        room = length - len(tokens)
        if rng.random() < drill_share:
            more, marks = drill(tokenizer, rng, min(room, 128), orders)
        else:
            wanted = room if rng.random() < (0.8 if length > 512 else 0.3) else rng.randint(40, 200)
            opening = [tokenizer.end_of_text] if rng.random() < 0.1 else []
            more, marks = limited(tokenizer, rng, min(room, wanted) - len(opening))
            more, marks = opening + more, [0] * len(opening) + marks
            if sum(marks) == 0 and room < 60:
                break
        if len(more) > room:
            # A conversation's opening alone can be longer than what was asked for.
            continue
        number += 1
        tokens += more
        weights += marks
        documents += [number] * len(more)
    rest = length - len(tokens)
    return tokens + [0] * rest, weights + [0] * rest, documents + [0] * rest


def batch(tokenizer, rng, rows, length, drill_share, orders):
    """`drill_share` of the pieces are drills, `orders` of a drill are tasks on words."""
    made = [row(tokenizer, rng, length + 1, drill_share, orders) for _ in range(rows)]
    tokens, weights, documents = (np.array(part, np.int32) for part in zip(*made))
    return tokens, documents, weights.astype(np.float32)
