"""Chooses which words are whole tokens: those of the questions and answers, never of the slots."""

import random
from collections import Counter

from . import conversation, facts, tasks, unknown
from .phrasing import SLOT, expand, phrase
from .tokenizer import Tokenizer, pieces

SPELLED = {"hello", "hi", "hey", "goodbye", "bye", "thanks", "apples", "coins", "books", "france", "paris"}
PER_PATTERN, ENOUGH, MOST = 60, 18, 900
SENTENCES = ["The capital of", "is", "I do not know the capital of that.", "The word", "has 5 letters.",
             "The letter a occurs 2 times in", "occurs 1 time in", "Nice to meet you, ", "Your name is",
             "I do not know your name yet.", "user\n", "assistant\n", "system\n"]


def every_pattern():
    for group in (tasks.ADD, tasks.SUB, tasks.CAPITAL, tasks.FOLLOW_UP, tasks.UPPER, tasks.LOWER, tasks.REVERSE, tasks.LENGTH,
                  tasks.LETTER, tasks.SPELL, tasks.ECHO, tasks.COUNT, tasks.COUNT_TO, tasks.COUNT_DOWN,
                  tasks.MY_NAME, tasks.NAME_ASK, tasks.NAME_BOTH, unknown.PATTERNS[:11]):
        yield from group
    for _, patterns, _, _ in facts.FACTS.values():
        yield from patterns


def words(seed):
    rng, counts = random.Random(seed), Counter()
    for pattern in every_pattern():
        for _ in range(PER_PATTERN):
            counts.update(pieces(SLOT.sub("#", phrase(rng, pattern))))
    for pattern in conversation.UPPER + conversation.ONE_WORD + conversation.NEUTRAL + conversation.WORD_BEFORE + conversation.WORD_AFTER:
        for _ in range(PER_PATTERN):
            counts.update(pieces(SLOT.sub("#", expand(rng, pattern))))
    answers = [row[2] for row in facts.FACTS.values()] + [facts.FALLBACK] + SENTENCES
    for answer in answers:
        counts.update({piece: 400 for piece in pieces(answer)})
        if answer != facts.DETAIL:
            counts.update({piece: 300 for piece in pieces(answer.upper())})
    return [piece for piece, times in counts.most_common(MOST)
            if times >= ENOUGH and piece.strip().isalpha() and len(piece.strip()) > 1
            and piece.strip().lower() not in SPELLED]


def build(seed=7):
    """The tokenizer; tells the tasks which words are whole tokens."""
    chosen = words(seed)
    spelled = sorted({word.strip().lower() for word in chosen})
    tasks.set_token_words(["viva"] * 8 + ["test", "word", "model", "session", "demo"] * 3 + spelled)
    return Tokenizer(chosen)
