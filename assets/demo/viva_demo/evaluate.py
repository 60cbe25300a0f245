"""Held-out accuracy by task. An answer counts when greedy decoding would write all of it.

Greedy decoding writes the expected answer exactly when each of its tokens, the end included, is
the likeliest after the ones before; so one pass over the expected text decides it.
"""

import random

import jax
import numpy as np

from . import conversation, model, tasks
from .chat import conversation_tokens
from .unknown import unknown

LENGTHS = [96, 320, 1024]


def single(task):
    def make(rng):
        question, answer, _ = task(rng, True)
        return [("user", question.strip()), ("assistant", answer)]
    return make


def fact_task(names):
    return lambda rng, held: conversation.fact(rng, held, rng.choice(names))


def one_word(rng):
    task = rng.choice([tasks.addition, tasks.subtraction, tasks.capital, tasks.letters, tasks.reverse])
    question, answer, word = task(rng, True)
    system = conversation.system_message(rng, "word")
    return [("system", system), ("user", question.strip()), ("assistant", word or answer)]


def upper_case(rng):
    names = [name for name in conversation.FACTS if name != "detail"]
    task = rng.choice([tasks.addition, tasks.capital, tasks.letters, fact_task(names)])
    question, answer, _ = task(rng, True)
    system = conversation.system_message(rng, "upper")
    return [("system", system), ("user", question.strip()), ("assistant", answer.upper())]


def turns_between(rng, most):
    while True:
        messages = conversation.conversation(rng, lambda found: len(found) <= 2 * most, kind="")
        if not any("name" in text.lower() for _, text in messages):
            return messages


def name_memory(most):
    def make(rng):
        question, answer, name = tasks.name_given(rng, True)
        start = [("user", question.strip()), ("assistant", answer)]
        middle = turns_between(rng, rng.randint(0, most)) if most else []
        asked, recalled, _ = tasks.name_asked(rng, name)
        return start + middle + [("user", asked), ("assistant", recalled)]
    return make


def after_long_talk(tokenizer):
    """A question at the end of a conversation of 900 tokens and more."""
    def make(rng):
        def fits(found):
            return len(conversation_tokens(tokenizer, found)[0]) <= 960
        messages = conversation.conversation(rng, fits, kind="")
        task = rng.choice([tasks.addition, tasks.subtraction, tasks.capital, tasks.reverse, tasks.upper])
        question, answer, _ = task(rng, True)
        return messages + [("user", question.strip()), ("assistant", answer)]
    return make


def suite(tokenizer):
    """Name, how an example is made, and the share of the usual number of examples."""
    facts = conversation.FACTS
    social = ["greeting", "mood", "farewell", "thanks", "agree"]
    own = ["identity", "not_that", "abilities"]
    viva = [name for name in facts if name not in social + own + ["detail"]]
    return {
        "Greetings and goodbyes": (single(fact_task(social)), 1),
        "What it is and can do": (single(fact_task(own)), 1),
        "Questions about Viva": (single(fact_task(viva)), 1),
        "Long text about Viva": (single(fact_task(["detail"])), 0.2),
        "Addition": (single(tasks.addition), 2),
        "Subtraction": (single(tasks.subtraction), 2),
        "Capitals": (single(tasks.capital), 1),
        "Upper case": (single(tasks.upper), 1),
        "Lower case": (single(tasks.lower), 1),
        "Reversed words": (single(tasks.reverse), 1),
        "Spelled words": (single(tasks.spell), 0.5),
        "Repeated text": (single(tasks.echo), 0.5),
        "Letters of a word": (single(tasks.letters), 1),
        "One letter in a word": (single(tasks.letter), 1),
        "Counting": (single(tasks.count), 0.6),
        "Name, asked at once": (name_memory(0), 1),
        "Name, with turns between": (name_memory(4), 1),
        "System message: upper case": (upper_case, 1),
        "System message: one word": (one_word, 1),
        "Anything else": (single(unknown), 1),
        "Question after 900 tokens": (after_long_talk(tokenizer), 0.2),
    }


def make_judge(config):
    @jax.jit
    def right(params, tokens, targets, wanted):
        scores = model.logits(params, config, tokens, (tokens * 0))
        best = scores.argmax(-1)
        return ((best == targets) | (wanted == 0)).all(-1)
    return right


def judged(right, params, tokenizer, conversations):
    """True for each conversation whose last answer greedy decoding would write."""
    encoded = []
    for messages in conversations:
        before, _ = conversation_tokens(tokenizer, messages[:-1])
        tokens, weights = conversation_tokens(tokenizer, messages[-1:])
        encoded.append((before + tokens, [0] * len(before) + weights))
    results = np.zeros(len(encoded), bool)
    low = 0
    for length in LENGTHS:
        group = [i for i, (tokens, _) in enumerate(encoded) if low < len(tokens) - 1 <= length]
        low = length
        size = max(1, 4096 // length)
        for start in range(0, len(group), size):
            part = group[start : start + size]
            rows = np.zeros((2, size, length + 1), np.int32)
            for at, i in enumerate(part):
                tokens, weights = encoded[i]
                rows[0, at, : len(tokens)] = tokens
                rows[1, at, : len(tokens)] = weights
            found = right(params, rows[0, :, :-1], rows[0, :, 1:], rows[1, :, 1:])
            results[part] = np.asarray(found)[: len(part)]
    return results


def accuracy(params, tokenizer, config, examples, seed=2024, misses=None):
    right = make_judge(config)
    table = {}
    for name, (make, share) in suite(tokenizer).items():
        rng = random.Random(f"{seed} {name}")
        conversations = [make(rng) for _ in range(max(10, int(examples * share)))]
        results = judged(right, params, tokenizer, conversations)
        table[name] = {"right": int(results.sum()), "of": len(results)}
        if misses is not None:
            misses[name] = [c for c, ok in zip(conversations, results) if not ok]
    return table
