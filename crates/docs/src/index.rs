//! What is known of the words of every section and passage.
//!
//! Some hundred sections are looked through whole for every question: that takes well under a millisecond and needs no
//! index on disk, no writer and no threads. Scores are BM25 over the fields of a section (its heading, what it stands
//! under, its text), so that a heading counts more than a mention.

use std::collections::{HashMap, HashSet};

use crate::{
    ask::{GATHERED_LEAST, SHARPNESS},
    asked::{asked, unanswered},
    page::{Page, Section},
    passage::Kind,
    runs::Runs,
    sought::{Concept, Held, Sought},
    synonyms::synonyms,
    vectors::Vector,
    words::{Word, is_compound, is_exchange, is_slip, small_slip, stem, words},
};

/// How much more a rare word tells than a common one: 1 as BM25 has it, less: less.
const RARITY: f32 = 0.65;
/// How soon another occurrence of a word adds little.
const SATURATION: f32 = 1.2;
/// How much a long section's words are discounted.
const LENGTH: f32 = 0.6;
/// What an occurrence counts in a heading, in the words that people ask with, in what the section stands under, in the
/// text.
const HEADING: f32 = 1.0;
const ASKED: f32 = 0.8;
const CONTEXT: f32 = 0.5;
const BODY: f32 = 1.0;
/// How far a word of exactly the same meaning stands for what was asked; from which likeness on it does, and how many do.
const AKIN: f32 = 0.5;
const AKIN_FROM: f32 = 0.45;
const AKIN_AT_MOST: usize = 12;
/// How far a synonym, and a word that differs by a slip, stand for what was asked.
const SYNONYM: f32 = 0.6;
const SLIP: f32 = 0.85;
/// Words shorter than this have too many neighbours.
const SLIP_FROM: usize = 5;
/// What a word of talk counts, of what it would as another.
const FAINT: f32 = 0.3;
/// More is no question.
const MAX_CONCEPTS: usize = 64;
/// The page that explains terms.
const GLOSSARY: &str = "glossary";

pub(crate) type Term = u32;
/// Terms, each once.
pub(crate) type Terms = Box<[Term]>;

fn each_once(mut terms: Vec<Term>) -> Terms {
    terms.sort_unstable();
    terms.dedup();
    terms.into()
}

#[derive(Debug)]
pub(crate) struct Index {
    terms: HashMap<String, Term>,
    /// Sections that each term is in.
    frequencies: Vec<u32>,
    /// How much each term tells: the rarer, the more.
    telling: Vec<f32>,
    /// What each term means.
    meanings: Vec<Option<Vector>>,
    /// Every word as it stands in the text, with its term.
    spellings: Vec<(String, Term)>,
    pub(crate) entries: Vec<Entry>,
    /// What people ask and the documentation does not answer.
    unanswered: Vec<Vector>,
    /// The runs of words of all sections.
    runs: Runs,
}

/// A way that people ask for a section.
#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) phrase: &'static str,
    /// Its naming words.
    pub(crate) terms: Terms,
    pub(crate) meaning: Option<Vector>,
    /// Its first word.
    pub(crate) opening: &'static str,
    /// The passage that answers it, where it says so.
    pub(crate) passage: Option<usize>,
    /// The yes or no that the passage says to it.
    pub(crate) verdict: Option<bool>,
}

/// A section.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) page: usize,
    pub(crate) section: usize,
    /// How much of it is each of its terms: from 0, saturating at 1.
    weights: Vec<(Term, f32)>,
    /// The naming words of its heading.
    pub(crate) heading: Terms,
    /// What its heading means under its page's title.
    pub(crate) meaning: Option<Vector>,
    /// Each way that people ask for it.
    pub(crate) asked: Vec<Way>,
    /// Of a list of terms, the words of each term that it explains.
    pub(crate) names: Vec<Terms>,
    /// The words of what it stands under: the heading above, the page's title.
    pub(crate) context: Terms,
    /// The words of each of its passages, in their order.
    pub(crate) passages: Vec<Terms>,
    /// What each of them means.
    pub(crate) meanings: Vec<Option<Vector>>,
    /// Two and three words that stand one after the other in its text, and in a way to ask for it.
    pub(crate) runs: Runs,
    pub(crate) asked_runs: Runs,
    /// Whether it has a sample, and a figure.
    pub(crate) has_sample: bool,
    pub(crate) has_figure: bool,
}

impl Entry {
    /// How much of the section is about each of what is sought, from 0 to 1.
    pub(crate) fn weights(&self, sought: &Sought) -> Held {
        sought.weighed(self.weights.iter().copied())
    }
}

impl Index {
    pub(crate) fn new(pages: &[Page]) -> Self {
        let mut index = Self {
            terms: HashMap::new(),
            frequencies: Vec::new(),
            telling: Vec::new(),
            meanings: Vec::new(),
            spellings: Vec::new(),
            entries: Vec::new(),
            unanswered: unanswered().filter_map(Vector::of).collect(),
            runs: Runs::default(),
        };
        let mut fields = Vec::new();
        for (at, page) in pages.iter().enumerate() {
            for (number, section) in page.sections.iter().enumerate() {
                fields.push(index.add(at, page, number, section));
            }
        }
        index.weigh(&fields);
        let mut runs = Runs::default();
        for entry in &index.entries {
            runs.extend(&entry.runs);
            runs.extend(&entry.asked_runs);
        }
        index.runs = runs.sorted();
        index.spellings.sort_unstable();
        index.spellings.dedup();
        index
    }

    /// Takes a section in; the count of its terms by field.
    fn add(&mut self, page_at: usize, page: &Page, number: usize, section: &Section) -> Fields {
        let heading = self.take(&section.title);
        let parent = section.parent.as_deref().unwrap_or_default();
        let mut context = self.take(parent);
        context.extend(self.take(&page.title));
        if number == 0 {
            context.extend(self.take(&page.description));
        }
        let (mut body, mut passages) = (Vec::new(), Vec::new());
        let (mut runs, mut asked_runs) = (Runs::default(), Runs::default());
        runs.add(&heading);
        for passage in &section.passages.list {
            let terms = self.take(&passage.plain);
            let mut set = terms.clone();
            if let Kind::Row { table, .. } = &passage.kind
                && let Some(table) = section.passages.tables.get(*table)
            {
                table.head.iter().for_each(|cell| set.extend(self.take(cell)));
            }
            runs.add(&terms);
            body.extend(terms);
            passages.push(each_once(set));
        }
        let rows = section.passages.tables.iter().flat_map(|table| &table.rows);
        let explained = rows.filter_map(|row| row.first()).filter(|_| page.name == GLOSSARY);
        let names = explained.map(|cell| self.naming(cell)).collect();
        let phrases = asked(page.name, &section.slug);
        let mut in_phrases: Vec<Term> = Vec::new();
        for way in phrases {
            let terms = self.take(way.phrase);
            asked_runs.add(&terms);
            in_phrases.extend(terms);
        }
        let naming = self.naming(&section.title);
        let list = &section.passages.list;
        let asked = phrases.iter().map(|way| Way {
            phrase: way.phrase,
            verdict: way.verdict,
            terms: self.naming(way.phrase),
            meaning: Vector::of(way.phrase),
            opening: way.phrase.split(' ').next().unwrap_or_default(),
            passage: way.passage.and_then(|part| list.iter().position(|passage| passage.plain.contains(part))),
        });
        let asked = asked.collect();
        let seen = heading.iter().chain(&context).chain(&body).chain(&in_phrases).copied().collect();
        for term in each_once(seen) {
            if let Some(count) = self.frequencies.get_mut(term as usize) {
                *count += 1;
            }
        }
        let context_set = each_once(context.clone());
        self.entries.push(Entry {
            page: page_at,
            section: number,
            weights: Vec::new(),
            heading: naming,
            meaning: Vector::of(&format!("{}: {}", page.title, section.title)),
            asked,
            names,
            context: context_set,
            passages,
            meanings: list.iter().map(|passage| Vector::of(&passage.plain)).collect(),
            runs: runs.sorted(),
            asked_runs: asked_runs.sorted(),
            has_sample: list.iter().any(|passage| matches!(passage.kind, Kind::Sample { .. })),
            has_figure: list.iter().any(|passage| passage.plain.contains(|c: char| c.is_ascii_digit())),
        });
        Fields { heading, asked: in_phrases, context, body }
    }

    /// The naming words of a text that was taken in.
    fn naming(&self, text: &str) -> Terms {
        let all = words(text);
        let has_content = all.iter().any(Word::is_content);
        let naming = all.iter().filter(|word| word.is_content() || !has_content);
        each_once(naming.filter_map(|word| self.terms.get(&word.stem).copied()).collect())
    }

    /// The terms of a text, each known from now on.
    fn take(&mut self, text: &str) -> Vec<Term> {
        let mut terms = Vec::new();
        for word in words(text) {
            let next = Term::try_from(self.terms.len()).unwrap_or(Term::MAX);
            let term = *self.terms.entry(word.stem).or_insert(next);
            if term == next {
                self.frequencies.push(0);
                self.meanings.push(Vector::of(&word.text));
            }
            self.spellings.push((word.text, term));
            terms.push(term);
        }
        terms
    }

    /// The runs of words of a text; those with a word that is not known are in no section.
    pub(crate) fn runs(&self, text: &str) -> Runs {
        let unknown = |place: usize| Term::MAX - Term::try_from(place).unwrap_or(0);
        let known = words(text).into_iter().enumerate();
        let terms: Vec<Term> =
            known.map(|(place, word)| self.terms.get(&word.stem).copied().unwrap_or_else(|| unknown(place))).collect();
        let mut runs = Runs::default();
        runs.add(&terms);
        let mut runs = runs.sorted();
        runs.retain(&self.runs);
        runs
    }

    fn weigh(&mut self, fields: &[Fields]) {
        let count = self.entries.len() as f32;
        let told =
            |frequency: &u32| ((count - *frequency as f32 + 0.5) / (*frequency as f32 + 0.5) + 1.0).ln().powf(RARITY);
        self.telling = self.frequencies.iter().map(told).collect();
        let total: usize = fields.iter().map(|field| field.body.len()).sum();
        let average = (total as f32 / fields.len().max(1) as f32).max(1.0);
        for (entry, field) in self.entries.iter_mut().zip(fields) {
            let length = 1.0 - LENGTH + LENGTH * field.body.len() as f32 / average;
            let mut counts: HashMap<Term, f32> = HashMap::new();
            let fields = [
                (&field.heading, HEADING),
                (&field.asked, ASKED),
                (&field.context, CONTEXT),
                (&field.body, BODY / length),
            ];
            for (terms, by) in fields {
                terms.iter().for_each(|term| *counts.entry(*term).or_default() += by);
            }
            entry.weights = counts.into_iter().map(|(term, count)| (term, count / (SATURATION + count))).collect();
        }
    }

    /// How much a term tells.
    pub(crate) fn weight(&self, term: Term) -> f32 {
        self.telling.get(term as usize).copied().unwrap_or_else(|| self.strangest())
    }

    fn strangest(&self) -> f32 {
        ((self.entries.len() as f32 + 0.5) / 0.5).ln().powf(RARITY)
    }

    /// A text with the words put right that a slip of the hand has spoilt.
    pub(crate) fn corrected(&self, folded: &str) -> String {
        let right = |word: &str| match small_slip(word) {
            _ if self.terms.contains_key(&stem(word)) => word.to_owned(),
            Some(small) => small.to_owned(),
            None => self.slipped(word).next().map_or_else(|| word.to_owned(), |(spelling, _)| spelling.clone()),
        };
        let around = |word: &str| {
            let core = word.trim_matches(|c: char| !c.is_alphanumeric());
            if core.is_empty() { word.to_owned() } else { word.replacen(core, &right(core), 1) }
        };
        folded.split(' ').map(around).collect::<Vec<_>>().join(" ")
    }

    /// What a text asks about: its naming words, each once. Of a text without any, all its words.
    pub(crate) fn sought(&self, text: &str) -> Sought {
        self.seek(self.concepts(text))
    }

    pub(crate) fn seek(&self, mut concepts: Vec<Concept>) -> Sought {
        concepts.truncate(MAX_CONCEPTS);
        Sought::new(concepts, self.terms.len())
    }

    pub(crate) fn concepts(&self, text: &str) -> Vec<Concept> {
        let all = words(text);
        let is_naming = |word: &&Word| {
            word.is_content() && (self.terms.contains_key(&word.stem) || small_slip(&word.text).is_none())
        };
        let mut naming: Vec<Word> = all.iter().filter(is_naming).cloned().collect();
        if naming.is_empty() {
            naming = all;
        }
        // Of a name that is not known its parts may be; words of talk that are not known are nothing.
        naming.retain(|word| {
            let is_known = self.terms.contains_key(&word.stem);
            is_known
                || !(word.is_faint()
                    || word.text.len() == 1
                    || (is_compound(&word.text) && self.near(&word.text).is_empty()))
        });
        let mut seen = HashSet::new();
        naming.retain(|word| seen.insert(word.stem.clone()));
        naming.into_iter().map(|word| self.concept(&word)).collect()
    }

    fn concept(&self, word: &Word) -> Concept {
        let mut terms: Vec<(Term, f32)> = Vec::new();
        let known = self.terms.get(&word.stem).copied();
        terms.extend(known.map(|term| (term, 1.0)));
        let others = synonyms(&word.stem).iter().filter_map(|other| self.terms.get(other));
        terms.extend(others.map(|term| (*term, SYNONYM)));
        if terms.is_empty() {
            terms.extend(self.near(&word.text).iter().map(|term| (*term, SLIP)));
        }
        let akin = if word.is_faint() { Vec::new() } else { self.akin(&word.text) };
        for (term, by) in akin {
            if terms.iter().all(|(known, _)| *known != term) {
                terms.push((term, by));
            }
        }
        let weight = match known {
            Some(term) => self.weight(term),
            None => terms.iter().map(|(term, _)| self.weight(*term)).fold(f32::INFINITY, f32::min),
        };
        let weight = if weight.is_finite() { weight } else { self.strangest() };
        let weight = if word.is_faint() { weight * FAINT } else { weight };
        Concept { word: word.text.clone(), weight, terms }
    }

    /// How near a question is in meaning to the nearest of those that the documentation does not answer, and to all of
    /// them, the nearest counting most.
    pub(crate) fn unanswered(&self, question: &Vector) -> (f32, f32) {
        let near = self.unanswered.iter().map(|other| question.likeness(other));
        let (most, sum) = near.fold((0.0_f32, 0.0_f32), |(most, sum), likeness| {
            (most.max(likeness), sum + (SHARPNESS * (likeness - 1.0)).exp())
        });
        (most, (sum + GATHERED_LEAST).ln() / SHARPNESS + 1.0)
    }

    /// The terms that mean about what a word does, and how far each stands for it.
    fn akin(&self, word: &str) -> Vec<(Term, f32)> {
        let Some(meaning) = Vector::of(word) else { return Vec::new() };
        let likeness = |(term, other): (usize, &Option<Vector>)| {
            let likeness = meaning.likeness(other.as_ref()?);
            (likeness >= AKIN_FROM).then_some((Term::try_from(term).ok()?, AKIN * likeness))
        };
        let mut akin: Vec<_> = self.meanings.iter().enumerate().filter_map(likeness).collect();
        akin.sort_unstable_by(|(_, a), (_, b)| b.total_cmp(a));
        akin.truncate(AKIN_AT_MOST);
        akin
    }

    /// The terms that a word may be with a slip of the hand.
    fn near(&self, word: &str) -> Terms {
        each_once(self.slipped(word).map(|(_, term)| *term).collect())
    }

    /// The spellings that a word may be with a slip of the hand. In a short word only exchanged letters are one: it has
    /// too many neighbours.
    fn slipped(&self, word: &str) -> impl Iterator<Item = &(String, Term)> {
        let length = word.chars().count();
        let may_be = length + 1 >= SLIP_FROM && word.chars().all(|c| c.is_alphabetic() || c == '_');
        let near = self.spellings.iter().filter(move |(spelling, _)| may_be && is_slip(spelling, word));
        near.filter(move |(spelling, _)| length >= SLIP_FROM || is_exchange(spelling, word))
    }

    /// A word that is still being typed: what begins with it.
    pub(crate) fn beginning(&self, typed: &str) -> Option<Concept> {
        let word = words(typed).pop()?;
        let from = self.spellings.partition_point(|(spelling, _)| spelling.as_str() < word.text.as_str());
        let rest = self.spellings.get(from..).unwrap_or_default();
        let mut terms: Vec<Term> =
            rest.iter().take_while(|(spelling, _)| spelling.starts_with(&word.text)).map(|(_, term)| *term).collect();
        terms.extend(self.terms.get(&stem(&word.text)));
        terms.sort_unstable();
        terms.dedup();
        let weight = terms.iter().map(|term| self.weight(*term)).fold(f32::INFINITY, f32::min);
        let weight = if weight.is_finite() { weight } else { self.strangest() };
        Some(Concept { word: word.text, weight, terms: terms.into_iter().map(|term| (term, 1.0)).collect() })
    }
}

struct Fields {
    heading: Vec<Term>,
    asked: Vec<Term>,
    context: Vec<Term>,
    body: Vec<Term>,
}
