"""The tasks whose answers are computed. Each returns (question, answer, one-word answer).

`held` asks for an item kept out of training; otherwise such items are never drawn.
"""

from . import words
from .phrasing import fill, is_held, phrase, plain

QUOTES = ["<x>"] * 7 + ['"<x>"', '"<x>"', "'<x>'", "“<x>”", "`<x>`"]


def draw(rng, held, make, key=str.lower):
    while True:
        item = make()
        if is_held(key(item)) == held:
            return item


def ask(rng, patterns, **slots):
    pattern = rng.choice(patterns)
    quote = rng.choice(QUOTES)
    return fill(phrase(rng, pattern), {name: quote.replace("<x>", str(value)) if name == "x" else value
                                       for name, value in slots.items()})


# --- arithmetic -------------------------------------------------------------------------

ADD = ["<a>{ + |+| + | plus | and |+ | +}<b>{|| =|=| = }", "ask:{What is|What's|How much is|What does|Calculate|Compute|What would be|What do you get for} <a>{ + |+| plus }<b>",
       "do:{Calculate|Compute|Add|Solve|Evaluate|Work out|Find|Give me|Tell me|Sum|Do} <a>{ + |+| plus }<b>",
       "do:{Add|Sum|Sum up|Add up|Add together|Add the numbers|Calculate the sum of|Compute the sum of|Give me the sum of|Find the sum of|Tell me the sum of} <a> and <b>",
       "do:Add <b> to <a>", "ask:{What is|What's|How much is} the {sum|total} of <a> and <b>",
       "ask:{What do I get if I add|What is|How much is} <b> {added to|more than} <a>",
       "ask:{What is the result of|What is the answer to|What is the value of|How much makes} <a>{ + |+| plus }<b>",
       "ask:If I have <a> {apples|coins|books} and get <b> more, how many do I have"]
SUB = ["<a>{ - |-| - | minus | less |- | -| − | – }<b>{|| =|=| = }", "ask:{What is|What's|How much is|What does|Calculate|Compute|What would be|What do you get for} <a>{ - |-| minus }<b>",
       "do:{Calculate|Compute|Solve|Evaluate|Work out|Find|Give me|Tell me|Do} <a>{ - |-| minus }<b>",
       "do:{Subtract|Take|Take away|Deduct} <b> from <a>", "ask:{What is|What's|How much is} the difference {between|of} <a> and <b>",
       "ask:{What do I get if I subtract|What do I get if I take|What remains if I take|What is left if I take} <b> from <a>",
       "ask:{What is the result of|What is the answer to|What is the value of|How much is} <a>{ - |-| minus | take away }<b>",
       "do:{Calculate|Give me|Find|Compute|Tell me} the difference {between|of} <a> and <b>",
       "ask:If I have <a> {apples|coins|books} and give away <b>, how many are left"]


def number(rng):
    return rng.randint(0, 9) if rng.random() < 0.2 else rng.randint(10, 99)


def pair(rng, held, sign):
    """Sums of two digits are too few to be held out: a person tries them first."""
    return draw(rng, held, lambda: (number(rng), number(rng)),
                lambda ab: f"{ab[0]}{sign}{ab[1]}" if max(ab) > 9 else "small")


def arithmetic(rng, held, sign):
    a, b = pair(rng, held, sign)
    result = a + b if sign == "+" else a - b
    question = ask(rng, ADD if sign == "+" else SUB, a=a, b=b)
    return question, f"{a} {sign} {b} = {result}.", str(result)


def addition(rng, held):
    return arithmetic(rng, held, "+")


def subtraction(rng, held):
    return arithmetic(rng, held, "-")


# --- capitals ---------------------------------------------------------------------------

CAPITAL = ["ask:{What is|What's|Which is|What city is|Which city is|Do you know|Can you tell me|Name|And} the capital {|city |}of <c>",
           "{The capital of <c>|Capital of <c>|Capital city of <c>|Capital: <c>|<c> capital|The capital city of <c>|<c>: capital|Capital <c>|And of <c>|<c>'s capital}",
           "do:{Name|Tell me|Give me|Say|Find|State|Write} {the capital|the capital city} of <c>", "do:{Tell me|Say} what the capital of <c> is",
           "ask:{What is|What's|Name|Which city is} <c>'s capital{| city}", "ask:<c> has {which|what} capital", "ask:What {|city }does <c> have as {its|a} capital",
           "ask:The capital of <c> is {what|which city|called what}", "ask:{Which city is|What city serves as} the capital of <c>", "ask:{What about|How about} the capital of <c>"]
FOLLOW_UP = ["{And|What about|How about|And what about|And of|And that of|Now|And for|Also|And how about|Same for|Then} <c>", "<c>", "ask:And {its capital in|the capital of|that of} <c>"]
FORMS = words.country_forms()


def country_case(rng, name):
    roll = rng.random()
    return name.lower() if roll < 0.22 else name.upper() if roll < 0.26 else name


def capital(rng, held, patterns=CAPITAL):
    while True:
        written, country = rng.choice(FORMS)
        question = ask(rng, patterns, c=country_case(rng, written))
        if is_held(plain(question)) == held:
            city = words.CAPITALS[country]
            return question, f"The capital of {country} is {city}.", city


def next_capital(rng, held):
    """Understood only after a question about a capital."""
    return capital(rng, held, FOLLOW_UP)


def unknown_capital(rng, held):
    place = draw(rng, held, lambda: rng.choice(words.UNKNOWN_PLACES) if rng.random() < 0.5
                 else words.invented(rng, 2).capitalize(), lambda p: "place " + p)
    return ask(rng, CAPITAL, c=place), f"I do not know the capital of {place}.", "Unknown"


# --- words ------------------------------------------------------------------------------

UPPER = ["do:{Say|Write|Put|Type|Print|Give me|Spell} <x> in {upper case|uppercase|capitals|capital letters|all caps|upper-case letters|caps|upper case letters|UPPER CASE|big letters}",
         "do:{Upper-case|Uppercase|Capitalize all letters of|Upper case|Capitalise all letters in|Make upper case} {|the word |this: |this word: }<x>",
         "do:{Convert|Change|Turn|Transform|Translate|Put|Bring} {|the word |the text |the phrase }<x> {to|into|in} {upper case|uppercase|capitals|capital letters|all caps}",
         "{Uppercase|Upper case|Upper|In upper case|In capitals|Capitals|UPPER|toupper|To upper case|All caps}: <x>", "do:{Make|Set} <x> {upper case|uppercase|all caps}",
         "ask:{What is|How do you write|What's|How does one write} <x> in {upper case|uppercase|capitals|capital letters|all caps}", "<x> in {upper case|uppercase|capitals|all caps|capital letters}",
         "do:Shout <x>"]
LOWER = ["do:{Say|Write|Put|Type|Print|Give me|Spell} <x> in {lower case|lowercase|small letters|lower-case letters|lower case letters|no caps}",
         "do:{Lower-case|Lowercase|Lower case|Make lower case|Uncapitalize} {|the word |this: |this word: }<x>",
         "do:{Convert|Change|Turn|Transform|Translate|Put|Bring} {|the word |the text |the phrase }<x> {to|into|in} {lower case|lowercase|small letters}",
         "{Lowercase|Lower case|Lower|In lower case|In small letters|lower|tolower|To lower case|Small letters}: <x>", "do:{Make|Set} <x> {lower case|lowercase}",
         "ask:{What is|How do you write|What's|How does one write} <x> in {lower case|lowercase|small letters}", "<x> in {lower case|lowercase|small letters}",
         "do:Whisper <x>"]
REVERSE = ["do:{Reverse|Invert|Flip|Mirror|Turn around} {|the word |this word: |the letters of |the string |the text |the letters in |: }<x>",
           "do:{Spell|Write|Say|Type|Print|Read|Put|Give me} {|the word }<x> {backwards|backward|in reverse|reversed|from the end|from back to front|in reverse order|the other way round}",
           "{Reverse|Backwards|Reversed|In reverse|Mirror|Reverse this|reverse word|Backward}: <x>", "ask:{What is|What's|How do you spell|How do you write|What does} <x> {backwards|backward|reversed|in reverse|spelled backwards|read backwards}",
           "ask:What is the reverse of {|the word }<x>", "<x> {backwards|reversed|in reverse|backward}", "do:{Write|Give me|Say|Spell} the reverse of {|the word }<x>",
           "do:Reverse the order of the letters {in|of} <x>"]
LENGTH = ["ask:How many {letters|characters|letters} {are|are there} in {|the word }<x>", "ask:How many {letters|characters} {does|has} {|the word }<x> {have|contain|got|has}",
          "do:Count {the letters|letters|the characters|how many letters are|the number of letters} {in|of|in the word|of the word} <x>", "ask:{What is|What's} the {length|number of letters|letter count} {of|in} {|the word }<x>",
          "{Letters in|Length of|Letter count|Number of letters in|Count letters|How many letters|Count the letters|Length}: <x>", "ask:How long is {the word|the string} <x>",
          "{Letters in|Length of|Number of letters in|How many letters in|The length of|Number of letters of} <x>", "do:{Tell me|Find|Give me|Say} {how many letters are in|how many letters there are in|the length of|the number of letters in} {|the word }<x>"]
LETTER = ["ask:How many {times does the letter <l> {occur|appear|come} in|<l>s are in|<l>'s are in|<l>'s are there in|times is <l> in|letters <l> are in|times does <l> occur in|times does <l> appear in} {|the word }<x>",
          "do:Count the {letter <l>|letters <l>|<l>'s|<l>s} in {|the word }<x>", "ask:How often {does|is} {|the letter }<l> {occur in|appear in|in} {|the word }<x>"]
SPELL = ["do:{Spell|Spell out|Spell me} {|the word |this word: |: }<x>", "ask:{How do you spell|How is spelled|How do I spell|Can you spell|How to spell} {|the word }<x>",
         "{Spell|Spelling}: <x>", "do:{Say|Give me|Write|List|Tell me} the letters of {|the word }<x>", "do:{Spell|Write} <x> letter by letter"]
ECHO = ["do:{Say|Repeat|Echo|Print|Write|Type} <x>", "do:{Repeat|Say|Write|Repeat this|Say this|Repeat after me|Say after me|Echo this|Echo|Say the following|Repeat the following}: <x>",
        "do:{Repeat|Say|Write|Echo|Copy} {the word|the phrase|the text|the words} <x>", "do:Say the word <x>", "do:Answer with {|the word }<x>"]


def word(rng, own=()):
    roll = rng.random()
    if roll < 0.42:
        return rng.choice(words.COMMON)
    if roll < 0.50 and own:
        return rng.choice(own)
    if roll < 0.52:
        return rng.choice(words.ACCENTED)
    if roll < 0.58:
        return rng.choice(words.NAMES)
    if roll < 0.85:
        text = words.invented(rng, rng.choice([1, 2, 2, 2, 3, 3]))
        return text if 2 <= len(text) <= 12 else words.invented(rng, 1) + "o"
    return words.scrambled(rng)


def held_word(rng, held):
    """Frequent words are whole tokens, so training must show how each is spelled."""
    def make():
        while True:
            text = word(rng, held_word.tokens if not held else ())
            if 2 <= len(text) <= 13:
                return text
    if held:
        return draw(rng, True, make)
    text = make()
    return text if text in held_word.token_set or not is_held(text.lower()) else held_word(rng, held)


held_word.tokens, held_word.token_set = (), frozenset()


def set_token_words(whole):
    held_word.tokens, held_word.token_set = tuple(whole), frozenset(whole)


def phrase_text(rng, held, most=5):
    count = rng.choice([1, 1, 1, 2, 2, 3, 4, 5])
    text = " ".join(held_word(rng, held) for _ in range(min(count, most)))
    return text + rng.choice(["!", ".", "?"]) if count > 1 and rng.random() < 0.1 else text


def any_case(rng, text):
    roll = rng.random()
    return text if roll < 0.7 else text.capitalize() if roll < 0.85 else text.upper() if roll < 0.95 else text.title()


def upper(rng, held):
    text = any_case(rng, phrase_text(rng, held))
    return ask(rng, UPPER, x=text), text.upper(), None


def lower(rng, held):
    text = phrase_text(rng, held)
    roll = rng.random()
    text = text.upper() if roll < 0.6 else text.capitalize() if roll < 0.8 else text.title() if roll < 0.9 else text
    return ask(rng, LOWER, x=text), text.lower(), None


def reverse(rng, held):
    text = any_case(rng, held_word(rng, held))
    return ask(rng, REVERSE, x=text), text[::-1], None


def letters(rng, held):
    text = any_case(rng, held_word(rng, held))
    return ask(rng, LENGTH, x=text), f"The word {text} has {len(text)} letters.", str(len(text))


def letter(rng, held):
    text = any_case(rng, held_word(rng, held))
    wanted = rng.choice(text.lower()) if rng.random() < 0.85 else rng.choice("abcdefghijklmnopqrstuvwxyz")
    count = text.lower().count(wanted)
    times = "time" if count == 1 else "times"
    shown = wanted.upper() if rng.random() < 0.15 else wanted
    return ask(rng, LETTER, x=text, l=shown), f"The letter {wanted} occurs {count} {times} in {text}.", str(count)


def spell(rng, held):
    text = any_case(rng, held_word(rng, held))
    return ask(rng, SPELL, x=text), "-".join(text), None


def echo(rng, held):
    text = any_case(rng, phrase_text(rng, held))
    return ask(rng, ECHO, x=text), text, None


# --- counting ---------------------------------------------------------------------------

COUNT = ["do:{Count|Count up|Count out loud|Please count|Count slowly} from <a> {to|up to|until|till|through} <b>", "do:{List|Write|Say|Give me|Print|Show|Name} {the numbers|all numbers|numbers|all the numbers} from <a> {to|up to|through} <b>",
         "{Count|Numbers|Count from|Numbers from} <a> {to|-|up to} <b>", "do:Count {the numbers |numbers |}between <a> and <b>", "{Count|Numbers}: <a> to <b>"]
COUNT_TO = ["do:{Count|Count up|Count for me} {to|up to|until} <b>", "ask:Can you count {to|up to} <b>", "do:{List|Say|Write} the numbers {to|up to} <b>"]
COUNT_DOWN = ["do:Count {down|backwards|back|backward} from <a> to <b>", "do:{Count down|Count backwards|List the numbers down} from <a> {to|until} <b>"]


def span(rng, held, short):
    def make():
        a = rng.choice([1, 1, 1, 0, 2, 3]) if rng.random() < 0.4 else rng.randint(0, 95)
        return a, min(100, a + (rng.randint(1, 12) if short else rng.randint(12, 60)))
    return draw(rng, held, make, lambda ab: f"count {ab[0]} {ab[1]}")


def counted(a, b):
    return ", ".join(map(str, range(a, b + 1) if a < b else range(a, b - 1, -1))) + "."


def count(rng, held):
    a, b = span(rng, held, short=rng.random() < 0.85)
    roll = rng.random()
    if a == 1 and roll < 0.5:
        return ask(rng, COUNT_TO, b=b), counted(a, b), None
    if roll > 0.75:
        patterns = COUNT_DOWN if roll > 0.85 else COUNT
        return ask(rng, patterns, a=b, b=a), counted(b, a), None
    return ask(rng, COUNT, a=a, b=b), counted(a, b), None


# --- names ------------------------------------------------------------------------------

MY_NAME = ["{My name is|I am|I'm|My name's|I am called|They call me|People call me|The name is|Remember: my name is|Remember that my name is|Remember my name:|You can call me|My first name is|Note that my name is} <n>",
           "{Hi|Hello|Hey|Hello there|Good morning|Good evening}{,|!|.|} {my name is|I am|I'm|I am called|you can call me|my name's} <n>", "do:Call me <n>",
           "{Hi|Hello|Hey}{,|!|} <n> {here|is my name}", "<n> is my name", "My name is <n>. {Nice to meet you|Please remember it|Remember it|How are you?|Can you remember that?|Hello|What is yours?|Please remember that}",
           "do:Remember {my name|that my name is}: <n>", "do:Remember that {I am|I'm|I am called|my name is} <n>", "{Actually|No}, my name is <n>",
           "{My name is|I am|I'm} <n>{, and| and|, but|.} {I like|I love|I live in|I come from|I am from|I have|I need|I want|who are you|I work in|I am a} {<w>|a <w>|<w>|<p>}",
           "{Hi|Hello|Hey}{,|!|.} {my name is|I am|I'm} <n>{, and| and|.|,} {I like <w>|how are you|who are you|I am new here|nice to meet you|I live in <p>|I have a question|I need help|what can you do}",
           "{My name is|I am|I'm} <n>{, what is your name|. What is yours|, who are you|, how are you|. Please greet me|, remember that|. What is your name}"]
NAME_BOTH = ["{|Hi, |Hello! |Hello, |Hi! }{My name is|I am|I'm|I am called|They call me|Call me} <n>. {What is my name|What's my name|Who am I|Do you remember my name|What is my name now|Tell me my name|Say my name}"]
NAME_ASK = ["ask:{What is|What's|Do you know|Do you remember|Can you tell me|Do you recall|Remember|What was|And what is} my {|first }name", "ask:{Who am I|What am I called|How am I called|What do they call me|What did I say my name was|What name did I give you|What name did I tell you|Do you know who I am|Do you remember who I am|What did I tell you my name was|Do you still know my name|Do you still remember my name|Who are you talking to|What was my name again}",
            "do:{Tell me|Say|Repeat|Write|Give me|State} my name", "do:Tell me {who I am|what my name is}", "My name{|,}"]


def name_given(rng, held):
    name = draw(rng, held, lambda: rng.choice(words.NAMES) if rng.random() < 0.6
                else words.invented(rng, rng.choice([1, 2, 2, 3])).capitalize(), lambda n: "name " + n.lower())
    if not 2 <= len(name) <= 12:
        return name_given(rng, held)
    shown = name.lower() if rng.random() < 0.15 else name
    if rng.random() < 0.08:
        return ask(rng, NAME_BOTH, n=shown), f"Your name is {name}.", name
    extra = {"w": rng.choice(words.COMMON), "p": rng.choice(list(words.CAPITALS.values()))}
    return ask(rng, MY_NAME, n=shown, **extra), f"Nice to meet you, {name}.", name


def name_asked(rng, name):
    question = ask(rng, NAME_ASK)
    return (question, f"Your name is {name}.", name) if name else (question, "I do not know your name yet.", "Unknown")


WEIGHTED = {addition: 12, subtraction: 10, capital: 9, unknown_capital: 1.5, upper: 10, lower: 9, reverse: 13,
            letters: 8, letter: 16, spell: 4, echo: 11, count: 30}
