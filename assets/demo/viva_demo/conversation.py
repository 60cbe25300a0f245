"""Whole conversations: a system message now and then, and turns of every ability."""

from . import tasks
from .facts import FACTS
from .phrasing import expand, is_held, phrase, plain
from .unknown import unknown

UPPER = ["{|Always |Please }{answer|reply|respond|write|speak|talk} {|only |always }in {upper case|uppercase|UPPER CASE|capitals|capital letters|all caps|UPPERCASE|upper-case letters|ALL CAPS|upper case letters|CAPITAL LETTERS}{|| only}",
         "{Use|Write with|Answer with|Reply with|Always use|Use only} {upper case|uppercase|capital letters|UPPER CASE|all caps|uppercase letters|capitals}{| only| for every answer| in all answers| for all your answers| in every reply}",
         "{All|Every one of} {your answers|your replies|answers|replies} {must|should|have to} be {in |written in |}{upper case|uppercase|capital letters|UPPER CASE|all caps|capitals}",
         "{You shout|You always shout|Shout}{: write everything in| all answers in|, so answer in} {capitals|upper case|capital letters|all caps}", "{Upper case|UPPER CASE|Uppercase|Capital letters|ALL CAPS} {answers|replies|only|answers only|please}",
         "You are {a helpful assistant|an assistant|a model|a polite assistant|a bot} {that|who|which} {always |only |}{answers|replies|writes|speaks|responds} {only |}in {upper case|uppercase|UPPER CASE|capital letters|capitals|all caps}",
         "{You must|You should|You always|You will|You have to|You only|I want you to} {answer|reply|respond|write|speak} in {upper case|uppercase|UPPER CASE|capital letters|capitals|all caps|UPPER CASE letters|uppercase letters}{| only| always| at all times}",
         "Write {everything|all answers|each answer|your answers} in {upper case|uppercase|capital letters|UPPER CASE|capitals}"]
ONE_WORD = ["{|Always |Please }{answer|reply|respond|speak} {|only |always }{with|in|using} {one word|a single word|one word only|only one word|just one word|exactly one word|ONE WORD|1 word}{|| only}",
            "{Give|Write|Use|Always give|Only give} {one-word|single-word|one word|1-word} {answers|replies|responses}{| only| please}", "{One-word|One word|Single-word|One word per|Single word} {answers|answer|replies} {only|please|}",
            "{All|Every one of} {your answers|your replies|answers} {must|should} be {one word|a single word|one word long|one word only}", "{Keep|Limit|Restrict} {|each of |all }{your answers|answers|your replies} to {one word|a single word|1 word}",
            "You are {a helpful assistant|an assistant|a model|a polite assistant|a bot} {that|who|which} {always |only |}{answers|replies|speaks|responds} {only |}{in|with|using} {one word|a single word|exactly one word|one word only}",
            "{You must|You should|You always|You will|You have to|You only|I want you to} {answer|reply|respond|speak} {with|in|using} {one word|a single word|only one word|exactly one word|one word only}{| only| always}",
            "{Use|Say|Answer} {one word|a single word|just one word|no more than one word} {per answer|for every answer|in each answer|each time}"]
NEUTRAL = ["You are {a helpful|a friendly|a polite|a useful|a kind|an honest|a careful|a small|the|Viva's|a test|a smart} {assistant|model|bot|demo|helper|AI assistant|chatbot|teacher|friend}",
           "{Be|Always be|Please be} {polite|helpful|concise|friendly|brief|honest|kind|careful|short|clear}{| and {polite|helpful|concise|brief|honest|clear}}", "{Help|Assist} {the user|people|users} {|with questions|with Viva|politely}",
           "{Answer|Reply} {politely|in English|briefly|the question|in a short sentence|in full sentences|truthfully|the questions of the user|as well as you can|clearly|in plain English|shortly}",
           "{Today is|The user likes|You like|The topic is|You live in|Talk like|You work for|You know} <w>{| and <w>}", "You are {Viva|the Viva demo model|a tiny demo model|a <w>|a pirate|an expert in <w>|a <w> teacher|a teacher of <w>|a friendly <w>|a <w> expert|an assistant for <w>|a helpful assistant that {answers questions|likes <w>|helps people|speaks English}|a test model|a tutor}", "{Test|System|<w>|<w> <w>|Hello|Do not lie|Follow the rules|No emoji|Think first}"]


def system_message(rng, kind):
    def text(patterns):
        from .unknown import fill_all
        made = fill_all(rng, expand(rng, rng.choice(patterns)))
        roll = rng.random()
        made = made.lower() if roll < 0.12 else made.upper() if roll < 0.17 else made[:1].upper() + made[1:]
        return made + rng.choice([".", ".", ".", "", "!"])

    patterns = {"upper": UPPER, "word": ONE_WORD, "neutral": NEUTRAL}
    parts = [text(patterns[part]) for part in kind.split("+")]
    if kind != "neutral" and rng.random() < 0.3:
        parts.insert(rng.choice([0, 0, len(parts)]), text(NEUTRAL))
    return " ".join(parts)


def fact(rng, held, name):
    _, patterns, answer, word = FACTS[name]
    while True:
        question = phrase(rng, rng.choice(patterns))
        if is_held(written(question)) == held:
            return question, answer, word


def written(question):
    """What of a question is held out: its words, or, where they are too few to be guessed, its exact writing."""
    return plain(question) if len(question.split()) > 3 else question


def fact_names():
    return list(FACTS), [row[0] for row in FACTS.values()]


WORD_BEFORE = ["In one word: ", "In one word, ", "Answer in one word: ", "One word: ", "With one word: ", "Answer with one word: "]
WORD_AFTER = [" Answer in one word.", " One word only.", " Answer with one word.", " One word, please.", " Just one word.", " In one word."]


def in_one_word(rng, question):
    """The user, not the system message, asks for one word."""
    if rng.random() < 0.5:
        return rng.choice(WORD_BEFORE) + question
    return question + ("" if question[-1:] in ".?!" else rng.choice(".?")) + rng.choice(WORD_AFTER)


def styled(answer, word, kind):
    if "word" in kind and word is not None:
        answer = word
    return answer.upper() if "upper" in kind else answer


KINDS = ["", "neutral", "upper", "word", "upper+word"]
KIND_WEIGHTS = [38, 8, 13, 38, 3]


def conversation(rng, fits, kind=None):
    """Turns are added while `fits(messages)` holds. The shares of the tasks are set here."""
    kind = rng.choices(KINDS, KIND_WEIGHTS)[0] if kind is None else kind
    messages = [("system", system_message(rng, kind))] if kind else []
    task_list, task_weights = list(tasks.WEIGHTED), list(tasks.WEIGHTED.values())
    if "word" in kind:
        # A result without the sum written out before it is the harder one to learn.
        task_weights = [weight * (3 if task in (tasks.addition, tasks.subtraction) else 1)
                        for task, weight in tasks.WEIGHTED.items()]
    names, weights = fact_names()
    name, talk_of_names = None, rng.random() < 0.45
    last = None
    while True:
        roll = rng.random()
        if talk_of_names and roll < (0.12 if name else 0.3):
            question, answer, word = tasks.name_given(rng, False)
            new_name = word
        elif roll < (0.30 if name else 0.32 if talk_of_names else 0.02):
            question, answer, word = tasks.name_asked(rng, name)
            new_name = name
        else:
            new_name = name
            roll = rng.random()
            if last is tasks.capital and rng.random() < 0.15:
                question, answer, word = tasks.next_capital(rng, False)
            elif roll < 0.69:
                task = last if last and rng.random() < 0.2 else rng.choices(task_list, task_weights)[0]
                question, answer, word = task(rng, False)
                last = task
            elif roll < 0.92:
                chosen = rng.choices(names, weights)[0]
                if chosen == "detail" and ("upper" in kind or "word" in kind):
                    continue
                question, answer, word = fact(rng, False, chosen)
                last = None
            else:
                question, answer, word = unknown(rng, False)
                last = None
        if word and not kind and rng.random() < 0.025:
            question, answer = in_one_word(rng, question), word
        grown = messages + [("user", question.strip()), ("assistant", styled(answer, word, kind))]
        if not fits(grown):
            return messages
        messages, name = grown, new_name
