"""Requests that the model cannot serve, so that it learns to say so."""

from . import words
from .facts import FALLBACK
from .phrasing import is_held, phrase, plain
from .tasks import phrase_text

PLACES = [*words.CAPITALS, *words.CAPITALS.values(), *words.UNKNOWN_PLACES]
PATTERNS = [
    "ask:Who {wrote|invented|painted|discovered|built|founded|made|owns|won|killed|composed|leads|runs} {the <w>|<w>|<W>|the first <w>|<w> and <w>}",
    "ask:{When|Where|Why|How} {did|does|do|was|is|can|will} {the <w>|<w>|people|we|<W>|I|you|they|my <w>} <w>{| the <w>| in <p>| with a <w>}",
    "ask:What is {the <w> of <p>|a <w>|the best <w>|the <w> of the <w>|<w>|the meaning of life|the population of <p>|the weather in <p>|the time|the date|today's date|the currency of <p>|the language of <p>|the largest <w>|the color of a <w>|the opposite of <w>|a synonym of <w>|the square root of <n>|love|a neural network|the speed of light|the king of <p>|the president of <p>|the tallest <w> in <p>}",
    "ask:{What|Which} <w> {is|was|does|did} {the <w>|<w>|best|my <w>|in <p>}", "ask:How {many|much|old|far|tall|big|fast|heavy|deep} {<w> are in a <w>|is a <w>|is the <w>|people live in <p>|days are in a <w>|does a <w> cost|is <p>|<w> do I need|is it to <p>|is the <w> in <p>}",
    "do:{Write|Compose|Make|Create|Give me|Tell me|Sing|Generate|Draft} {a poem|a joke|a song|a recipe|a story|a haiku|an email|a letter|a list of <w>|a function|a program|a plan|a summary|a riddle|a fairy tale|some advice|a fact|a table|an essay}{| about <w>| about the <w>| for <w>| about <p>| in Python| with a <w>}",
    "do:Translate {|the word |this: }<x> {to|into} {French|German|Spanish|Italian|Vietnamese|Chinese|Japanese|English|Latin}",
    "do:{Explain|Describe|Define|Summarize|Compare|Discuss|Analyze|Tell me about} {the <w>|<w>|<w> and <w>|quantum physics|gravity|photosynthesis|the history of <p>|a <w>|the news|evolution|<p>|machine learning|this text}",
    "do:{Multiply|Divide} <n> {by|with} <n>", "{|What is |Calculate |Compute }<n> {*|x|/|times|divided by|×|:|^|mod} <n>", "{|What is |Calculate |Compute |How much is }<m>{ + | - |+| plus | minus }<m>",
    "{|What is |Calculate }{<n> + <n> + <n>|-<n> + <n>|<n>.<n> + <n>|<n> - <n> - <n>|(<n> + <n>) * <n>|two plus two|three minus one|five and seven|one hundred minus ten|<n> plus|sqrt(<n>)|<n> percent of <n>|<n>/<n>}",
    "ask:{Is Viva {free|open source|expensive|fast|written in Rust|safe|better than <w>|a <w>|new}|Who made Viva|Who wrote Viva|What does Viva cost|When was Viva made|Where can I buy Viva|How old is Viva|Does Viva <w>|How do I install Viva|What language is Viva written in}",
    "do:{Sort|Order|Rank|Group|Classify} {these words|the words|this list}: <w>, <w>, <w>", "ask:{Is|Are|Was|Does|Do|Can|Should|Will|Has|Would|May} {it|the <w>|a <w>|<p>|I|he|she|they|<w>} <w>{| today| tomorrow| in <p>| the <w>}",
    "ask:{What rhymes with <w>|Which is bigger, a <w> or a <w>|Do you like <w>|What do you think about <w>|What is your favorite <w>|Where do you live|How old are you|Who made you|Who created you|Who trained you|What did you eat|Do you have a <w>|Can you <w>|Can you <w> a <w>|What is your opinion of <w>|Where are you|When were you born|Who is your <w>|What day is it|What time is it|What is the weather|Will it rain tomorrow|Who is <W>|Where is <p>|Where is the <w>|What is <p> famous for}",
    "do:{Recommend|Suggest|Find|Show me|Buy|Order|Book|Search|Send|Bring me|Play|Open|Draw|Paint|Cook|Choose} {a <w>|the <w>|some <w>|a <w> and a <w>|<w>}{| for <w>| in <p>}",
    "{I|We|You|They|My <w>} {like|hate|love|need|want|saw|have|bought|think about} {the <w>|a <w>|<w>|<w> and <w>|my <w>|<p>}", "{The <w> is <w>|It is <w>|This is a <w>|<w>|<w> <w>|<w> <w> <w>|<w>, <w> and <w>|The <w> has a <w>|<w> is <w>|<p>|<W>|<n>|<z>|<z> <z>|I am <w>|I feel <w>|<w> the <w>}",
    "{def f(x): return x|SELECT * FROM <w>|print('<w>')|<w>(<w>)|let x = <n>;|x = <n>|{}|<w>.<w>()|import <w>|fn main() {}|<b><w></b>|# <w>|- <w>|1. <w>|http://<w>.com|<w>@<w>.org|/<w>|<w>=<n>|$<n>|<n>%|:)|...|!!!|???|???? <w>|*|@<w>|#<w>}",
    "<o>",
]
OTHER_LANGUAGES = """Bonjour|Comment ça va ?|Quelle est la capitale de la France ?|Qui es-tu ?|Je m'appelle|Guten Tag|Wie geht es dir?|Was ist Viva?
Was ist die Hauptstadt von Frankreich?|Hola|¿Cómo estás?|¿Qué es Viva?|Buenos días|Ciao, come stai?|Xin chào|Bạn là ai?|Thủ đô của Pháp là gì?|你好|你是谁？
法国的首都是哪里？|こんにちは|あなたは誰ですか|안녕하세요|Привет|Как дела?|Кто ты?|مرحبا|שלום|नमस्ते|Olá, tudo bem?|Γειά σου|🙂|👋|🎉🎉|❤️|🚀 <w>|<w> 🙂|Größe
Dzień dobry|Merhaba|Hej|Tere|Ahoj|Où est le <w> ?|Das <w> ist <w>|El <w> es <w>|Le <w> est <w>|<w> không <w>|<w> 是 <w>""".replace("\n", "|").split("|")


def slot(rng, name):
    from .tasks import word
    if name in ("w", "W"):
        text = word(rng)
        return text.capitalize() if name == "W" else text
    if name == "p":
        return rng.choice(PLACES)
    if name == "n":
        return str(rng.randint(0, 999))
    if name == "m":
        return str(rng.choice([rng.randint(100, 999), rng.randint(1000, 99999)]))
    if name == "z":
        return words.scrambled(rng, 3, 12)
    if name == "x":
        return phrase_text(rng, False)
    if name == "o":
        return fill_all(rng, rng.choice(OTHER_LANGUAGES))
    return f"<{name}>"


def fill_all(rng, text):
    from .phrasing import SLOT
    return SLOT.sub(lambda found: slot(rng, found[1]), text)


def unknown(rng, held):
    while True:
        question = fill_all(rng, phrase(rng, rng.choice(PATTERNS)))
        if question.strip() and is_held(plain(question)) == held:
            return question, FALLBACK, "Unknown"
