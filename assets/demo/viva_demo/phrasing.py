"""Turns patterns into the many ways people write the same request.

In a pattern `{a|b|}` is a choice (it nests), `<slot>` is filled in last, untouched.
"""

import re
import zlib

CHOICE = re.compile(r"\{([^{}]*)\}")
SLOT = re.compile(r"<(\w+)>")

DO_BEFORE = ["Please ", "Could you ", "Can you ", "Could you please ", "Can you please ", "Would you ",
             "I want you to ", "I would like you to ", "I'd like you to ", "Now ", "Now please ",
             "Hey, ", "Hi, ", "OK, ", "Okay, now ", "Then ", "Will you ", "I need you to ",
             "Hello, please ", "Hello! ", "Next: ", "Task: ", "Kindly "]
DO_AFTER = [" please", ", please", " for me", " for me please", " now", ", thanks", " right now"]
ASK_BEFORE = ["Tell me, ", "Hi, ", "Hey, ", "So, ", "So ", "And ", "Now, ", "OK, ", "Please tell me: ",
              "Quick question: ", "One question: ", "Hello, ", "Question: ", "Well, ", "Then ", "Hello! ",
              "Hey! ", "Good morning, ", "I wonder: ", "Sorry, ", "Excuse me, "]
ASK_AFTER = [" please", ", please", ", do you know", " then", " exactly", " again", " now"]
MARKS = ["", "", ".", "!", "?", "??", "...", " ?", " !"]


def is_held(key):
    """One item in ten never appears in training; which one depends on its text alone."""
    return zlib.crc32(("viva " + key).encode()) % 10 == 0


def plain(text):
    """The words of a text, for telling whether a phrasing was held out."""
    return " ".join(re.findall(r"\w+", text.lower()))


def expand(rng, pattern):
    while True:
        found = CHOICE.search(pattern)
        if not found:
            return re.sub(r"  +", " ", pattern).strip()
        pattern = pattern[: found.start()] + rng.choice(found[1].split("|")) + pattern[found.end() :]


def lower_first(text):
    keep = re.match(r"(I\b|I'|[A-Z]{2}|Viva|API|<)", text)
    return text if keep else text[:1].lower() + text[1:]


def change_case(rng, text):
    """Lower, upper or original case, slots excepted."""
    roll = rng.random()
    if roll < 0.20:
        change = str.lower
    elif roll < 0.24:
        change = str.upper
    elif roll < 0.32:
        return lower_first(text)
    else:
        return text
    parts = SLOT.split(text)
    return "".join(f"<{p}>" if i % 2 else change(p) for i, p in enumerate(parts))


def phrase(rng, pattern):
    """A pattern starting with `do:` is an order, with `ask:` a question, else a bare text."""
    kind, _, rest = pattern.partition(":")
    if kind not in ("do", "ask"):
        kind, rest = "bare", pattern
    text = expand(rng, rest)
    before, after = "", ""
    if kind == "do":
        before = rng.choice(DO_BEFORE) if rng.random() < 0.45 else ""
        after = rng.choice(DO_AFTER) if rng.random() < 0.12 else ""
        asks = re.search(r"(Could|Can|Would|Will) you", before)
        mark = rng.choice(["?", "?", ""]) if asks else rng.choice(["", ".", ".", "!"])
    elif kind == "ask":
        before = rng.choice(ASK_BEFORE) if rng.random() < 0.2 else ""
        after = rng.choice(ASK_AFTER) if rng.random() < 0.06 else ""
        mark = rng.choice(["?", "?", "?", ""])
    else:
        mark = rng.choice(MARKS) if text[-1:].isalnum() else ""
    if rng.random() < 0.05:
        mark = rng.choice(MARKS)
    if "<" in text[-8:] and mark in (".", "...") and rng.random() < 0.5:
        mark = ""
    text = before + (lower_first(text) if before and not before.endswith("! ") else text) + after
    return change_case(rng, text[:1].upper() + text[1:] if text[:1] != "<" else text) + mark


def fill(text, slots):
    return SLOT.sub(lambda found: str(slots[found[1]]), text)
