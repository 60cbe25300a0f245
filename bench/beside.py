"""Interactive requests beside background work: the engine alone, asked as the gateway asks it."""

import time

import load
from rig import Engine, Failed

PARALLEL, CONTEXT = 4, 2048
# Of the background requests; they are twice as many as there are sequences.
TOKENS = 128
# Seconds until the background load has every sequence.
FILLED = 3
REPLY = "this is an answer of some words that stands for what the model said before"


def _first(end, messages):
    """Milliseconds to the first text of one interactive request."""
    seen = load.turn(end, messages, 8)
    if seen.error or seen.first is None:
        raise Failed(f"an interactive request failed: {seen.error or 'no text'}")
    return seen.first * 1e3


def _talk(end, number):
    """A new prompt, and the next turn of the same conversation."""
    words = " ".join(f"word{(number * 97 + i) % 9973}" for i in range(24))
    messages = [{"role": "user", "content": words}]
    new = _first(end, messages)
    messages += [{"role": "assistant", "content": REPLY}, {"role": "user", "content": f"and the question {number}"}]
    return {"new": new, "turn": _first(end, messages)}


def first_tokens(bench):
    """Per round, on an engine of its own: times to the first token with every sequence taken, then idle.

    In this order: before its first interactive request no sequence is held back, so the new prompt has to take one.
    """
    rounds = []
    for number in range(bench.rounds):
        engine = Engine(bench.viva, bench.work, bench.model, PARALLEL, CONTEXT)
        try:
            end = engine.wait().endpoint()
            # The engine finds how many threads serve it best.
            load.load(end, 2 * PARALLEL, 4 * PARALLEL, 32, number + 1, load.BACKGROUND)
            with load.Background(end, 2 * PARALLEL, TOKENS) as work:
                time.sleep(FILLED)
                loaded = _talk(end, 2 * number)
            if work.errors:
                raise Failed(f"background work failed: {work.errors[0]}")
            rounds.append({"idle": _talk(end, 2 * number + 1), "loaded": loaded})
        finally:
            engine.end()
        bench.say(f"first token, ms: {rounds[-1]}")
    return rounds


def throughput(bench):
    """Tokens per second of the same load as background work and as interactive requests, in turn, each on an engine
    of its own: beside interactive requests background work leaves a sequence to them."""
    kinds = {"background": load.BACKGROUND, "interactive": None}
    engines = {name: Engine(bench.viva, bench.work, bench.model, PARALLEL, CONTEXT) for name in kinds}
    rates = {name: [] for name in kinds}
    try:
        for number in range(-1, bench.rounds):
            for name in sorted(kinds, reverse=number % 2 == 1):
                end = engines[name].wait().endpoint()
                rate, errors = load.load(end, 2 * PARALLEL, 4 * PARALLEL, TOKENS, number + 100, kinds[name])
                if errors:
                    raise Failed(f"a request failed: {errors[0]}")
                if number >= 0:
                    rates[name].append(rate)
        bench.say(f"tokens/s alone: {rates}")
    finally:
        for engine in engines.values():
            engine.end()
    return rates
