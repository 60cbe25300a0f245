"""The words, names and capitals that the tasks draw from."""

import itertools

COMMON = """
apple banana cherry orange lemon grape melon peach plum mango strawberry raspberry tomato potato carrot onion garlic
pepper cabbage spinach bread butter cheese cream milk honey sugar salt water coffee tea juice soup salad rice pasta
pizza cake cookie chocolate candy egg fish meat chicken turkey cat dog horse cow sheep goat pig duck goose rabbit
mouse tiger lion bear wolf fox deer monkey elephant giraffe zebra camel whale dolphin shark eagle falcon owl parrot
penguin frog snake turtle lizard spider butterfly bee ant house home door window table chair bed lamp mirror carpet
kitchen garden roof wall floor bridge street road city town village country river lake ocean sea island mountain
hill valley forest tree leaf flower rose tulip grass stone rock sand desert snow rain cloud storm thunder wind sun
moon star planet earth sky fire ice smoke shadow light night day morning evening winter summer spring autumn
monday tuesday wednesday thursday friday saturday sunday january february april june july august october
red blue green yellow purple black white brown pink gray silver golden happy sad angry tired hungry brave clever
gentle quiet loud quick slow big small tall short long wide narrow deep high low old young new warm cold hot cool
soft hard heavy bright dark clean dirty empty full rich poor strong weak simple sharp smooth sweet bitter
book pen pencil paper letter story poem song music piano guitar violin drum dance picture camera movie theater
museum library school student lesson science history chemistry physics math language grammar sentence
computer keyboard screen server network program python rust code data model session token prompt engine memory
machine robot rocket train plane ship boat car truck bicycle wheel motor ticket journey travel hotel
doctor nurse lawyer farmer baker painter writer singer actor pilot sailor soldier king queen prince princess
father mother brother sister uncle aunt cousin baby child friend neighbor guest family people person woman man boy
girl hand foot head eye ear nose mouth tooth finger shoulder knee heart brain blood bone skin hair
walk run jump swim fly climb sit stand sleep dream eat drink cook bake wash paint draw read write speak listen
learn teach think know feel love like hope wish want need give take bring send carry push pull open close start
finish begin build break fix buy sell win lose find hide catch throw laugh cry smile sing play work rest wait
gold iron copper glass wood plastic cotton silk wool leather diamond crystal button pocket jacket shirt dress
trousers shoe boot hat glove scarf umbrella basket bottle cup plate spoon fork knife box bag key lock clock watch
phone radio television internet magic wizard dragon castle knight sword shield treasure pirate ghost monster
hello goodbye thanks sorry yes no maybe always never often today tomorrow yesterday number zero one two three four
five six seven eight nine ten hundred thousand million world peace freedom justice truth beauty wisdom courage
energy power speed force weight height length distance time hour minute second week month year century
football tennis hockey chess game puzzle prize medal team player coach race goal score
market shop store money coin bank price office factory company project plan idea question answer problem solution
test example result error message file folder window button mouse cable battery signal satellite
viva openai llama rustacean ferris linux windows ubuntu docker github internet wikipedia
abc xyz foo bar baz qux qwerty lorem ipsum alpha beta gamma delta omega kilo mega giga
noon level radar kayak racecar madam civic rotor stats mississippi tennessee committee bookkeeper
""".split()
COMMON = list(dict.fromkeys(COMMON))

ACCENTED = "café naïve über crème jalapeño señor façade résumé piñata élève garçon Zürich São müde grün schön été".split()

NAMES = """
Ada Alan Grace Linus Maria Anna John Paul Peter Mary James Robert Linda Susan David Daniel Sarah Laura Emma Olivia
Noah Liam Sophia Mia Lucas Ethan Henry Jack Oscar Leo Max Felix Hugo Louis Jules Claire Julie Marie Sophie Chloe
Camille Pierre Antoine Nicolas Thomas Julien Hans Klaus Heidi Greta Karl Otto Fritz Ingrid Lars Sven Bjorn Astrid
Freya Olaf Erik Nora Ola Piotr Anya Ivan Olga Boris Natasha Dmitri Elena Igor Tanya Viktor Yuri Giulia Marco Luca
Paolo Chiara Francesca Lorenzo Matteo Carlos Diego Pablo Lucia Carmen Juan Jose Pedro Luis Miguel Rosa Isabel
Joao Tiago Rita Ines Bruno Paula Akira Yuki Haruto Sakura Kenji Naoko Hiro Mei Ling Wei Chen Li Jun Min Hana Jin
Anh Linh Minh Nam Hoa Lan Mai Thu Trang Tuan Duc Hung Quang Phuong Aisha Omar Fatima Ali Hassan Leila Yusuf Amir
Zara Samir Nadia Karim Priya Raj Anil Sunita Arjun Deepa Kavya Ravi Vikram Meera Kofi Ama Kwame Zola Thabo Amina
Chidi Ngozi Tunde Adaeze Sam Alex Kim Pat Robin Charlie Jamie Taylor Jordan Morgan Casey Riley Ben Tom Tim Bob
Alice Eve Mallory Trent Carol Dave Frank Gina Harry Irene Kate Mona Nina Owen Quinn Ruth Steve Tina Uma Vera
Walter Xavier Yvonne Zoe George William Charles Edward Arthur Victoria Elizabeth Margaret Dorothy Albert Isaac
Marco Nikola Rosalind Ludwig Wolfgang Johann Clara Vincent Frida Amelia Matilda Winston Theodore Benjamin
""".split()
NAMES = list(dict.fromkeys(NAMES)) + ["Zoë", "José", "André", "Chloé", "René", "Søren", "Jürgen", "Björn", "Åsa", "Zoé"]

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid", "Portugal": "Lisbon",
    "Austria": "Vienna", "Belgium": "Brussels", "Denmark": "Copenhagen", "Sweden": "Stockholm", "Norway": "Oslo",
    "Finland": "Helsinki", "Iceland": "Reykjavik", "Ireland": "Dublin", "the United Kingdom": "London",
    "England": "London", "Greece": "Athens", "Poland": "Warsaw", "Hungary": "Budapest", "Romania": "Bucharest",
    "Bulgaria": "Sofia", "Ukraine": "Kyiv", "Russia": "Moscow", "Turkey": "Ankara", "Egypt": "Cairo",
    "Morocco": "Rabat", "Kenya": "Nairobi", "Nigeria": "Abuja", "Ghana": "Accra", "India": "New Delhi",
    "China": "Beijing", "Japan": "Tokyo", "South Korea": "Seoul", "Vietnam": "Hanoi", "Thailand": "Bangkok",
    "Indonesia": "Jakarta", "Australia": "Canberra", "Canada": "Ottawa", "the United States": "Washington",
    "Mexico": "Mexico City", "Cuba": "Havana", "Brazil": "Brasília", "Argentina": "Buenos Aires", "Chile": "Santiago",
    "Peru": "Lima", "Colombia": "Bogotá", "the Netherlands": "Amsterdam", "Switzerland": "Bern",
    "the Czech Republic": "Prague",
}
ALIASES = {"the UK": "the United Kingdom", "Great Britain": "the United Kingdom", "the USA": "the United States",
           "the US": "the United States", "America": "the United States", "Holland": "the Netherlands",
           "Korea": "South Korea", "UK": "the United Kingdom", "USA": "the United States",
           "United States": "the United States", "Netherlands": "the Netherlands",
           "United Kingdom": "the United Kingdom", "Viet Nam": "Vietnam", "Czech Republic": "the Czech Republic"}
UNKNOWN_PLACES = """Narnia Atlantis Mordor Wakanda Mars Texas California Bavaria Tuscany Normandy Scotland Wales
Sicily Nepal Bhutan Mongolia Laos Cambodia Malaysia Singapore Pakistan Iran Iraq Syria Jordan Israel Lebanon Oman
Qatar Kuwait Yemen Libya Tunisia Algeria Sudan Ethiopia Somalia Uganda Rwanda Tanzania Zambia Angola Namibia
Botswana Zimbabwe Mozambique Madagascar Senegal Mali Niger Chad Cameroon Gabon Congo Togo Benin Liberia Guinea
Fiji Samoa Tonga Palau Nauru Jamaica Haiti Panama Honduras Guatemala Nicaragua Ecuador Bolivia Paraguay Uruguay
Venezuela Guyana Suriname Serbia Croatia Slovenia Slovakia Estonia Latvia Lithuania Albania Moldova Georgia
Armenia Belarus Malta Cyprus Luxembourg Monaco Andorra Kazakhstan Uzbekistan Gondor Westeros Utopia Elbonia""".split()

ONSETS = "b c d f g h j k l m n p r s t v w z br ch cl cr dr fl fr gl gr pl pr sh sl sp st th tr".split() + [""]
VOWELS = "a e i o u a e i o ai ea ee ie oo ou y".split()
CODAS = ["", "", "", *"b d g k l m n p r s t x".split(), "ck", "ll", "nd", "ng", "nt", "rd", "rn", "ss", "st", "th"]


def invented(rng, syllables):
    """A word that nobody uses, spelled like one."""
    return "".join(rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(syllables))


def scrambled(rng, low=2, high=10):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(low, high)))


def country_forms():
    """Every way to write a country, with the name used in the answer."""
    own = ((name, name) for name in CAPITALS)
    return list(itertools.chain(own, ALIASES.items()))
