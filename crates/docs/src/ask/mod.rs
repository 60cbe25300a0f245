//! Answers to questions: the sections that fit are found, and the best one's passages are put together to a reply.
//!
//! Nothing is said that no passage says. Where what is asked about is not in the documentation, that is the answer.

mod cite;
mod compose;
mod features;
mod question;
mod rank;
mod sure;
mod verdict;
mod ways;
mod weights;

use std::collections::HashSet;

use protocol::docs::{DocsAnswer, DocsExcerpt, DocsSource};

pub use cite::DocsGiven;
use compose::Chosen;
pub(crate) use features::{GATHERED_LEAST, SHARPNESS};
pub use question::QuestionError;
use question::{Question, Wanted};
use rank::Ranked;

use crate::{
    library::Library,
    passage::Kind,
    sought::{Held, Sought},
    vectors::Vector,
};

/// Sections that an answer names.
const EXCERPTS: usize = 5;
/// Pages that are named where there is no answer.
const NEAREST: usize = 3;
/// An answer that is less sure than this is none.
const LEAST: f32 = 0.5;
/// The least share of it that a further section must add.
const GAIN: f32 = 0.2;
/// How much worse than the best section an excerpt's may be: e to this power is how much likelier the best one is.
const BEHIND: f32 = 7.0;
/// How much less likely, as a logarithm, the second section may be to be told, too: half as likely.
const RIVAL: f32 = 0.7;
/// How near in meaning it must be, of the best one's nearness.
const ALSO_MEANT: f32 = 0.8;

/// An answer, and whether it is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub answer: DocsAnswer,
    /// Addresses of the sections of the excerpts, as `page#section`.
    pub sections: Vec<String>,
}

impl Asked {
    /// Whether the documentation holds an answer.
    pub fn is_answered(&self) -> bool {
        !self.answer.excerpts.is_empty()
    }
}

/// What weights are fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Each section, as `page#section`, with its features; the best first.
    pub sections: Vec<(String, Vec<f32>)>,
    /// What it is reckoned from how sure it is that the first one answers.
    pub sure: Vec<f32>,
}

impl Library {
    /// Answers a question; `page` is the one that it is asked from, where it is known.
    ///
    /// # Errors
    /// The question is empty or too long.
    pub fn ask(&self, question: &str, page: Option<&str>) -> Result<Asked, QuestionError> {
        let (question, sought) = self.read(question)?;
        let ranked = rank::rank(self, &question, &sought, page);
        let confidence = sure::confidence(self, &question, &sought, &ranked);
        Ok(match ranked.first() {
            Some(best) if confidence >= LEAST => self.answer(&question, &sought, best, &ranked, confidence),
            _ => self.refuse(&sought, &ranked),
        })
    }

    /// What the order of the sections, and the doubt whether the first answers, are reckoned from.
    ///
    /// # Errors
    /// The question is empty or too long.
    pub fn measured(&self, question: &str, page: Option<&str>) -> Result<Measured, QuestionError> {
        let (question, sought) = self.read(question)?;
        let ranked = rank::rank(self, &question, &sought, page);
        let sections = ranked.iter().map(|ranked| (place(ranked), ranked.features.all().to_vec())).collect();
        Ok(Measured { sections, sure: sure::measure(self, &question, &sought, &ranked).to_vec() })
    }

    fn read(&self, question: &str) -> Result<(Question, Sought), QuestionError> {
        let mut question = Question::read(question)?;
        let corrected = self.index.corrected(&question.folded);
        question.wanted = Wanted::of(&corrected);
        question.opening = question::opening(&corrected);
        question.meaning = Vector::of(&corrected);
        question.runs = self.index.runs(&corrected);
        let sought = self.index.sought(&question.text);
        Ok((question, sought))
    }

    fn answer(
        &self,
        question: &Question,
        sought: &Sought,
        best: &Ranked<'_>,
        ranked: &[Ranked<'_>],
        confidence: f32,
    ) -> Asked {
        let Some(chosen) = compose::choose(question, sought, best, compose::PROSE) else {
            return self.refuse(sought, ranked);
        };
        let says = verdict::verdict(question, best, chosen.lead);
        let mut answer = compose::write(best, &chosen, says);
        let mut held = chosen.held(sought, best);
        let further_ones = if says.is_some() {
            0
        } else if question.wanted.difference {
            2
        } else {
            1
        };
        for round in 0..further_ones {
            let rival = || if round == 0 { rival(question, sought, ranked) } else { None };
            let more = further(question, sought, &held, ranked).or_else(rival);
            let Some((more, chosen)) = more else { break };
            answer.push_str("\n\n");
            answer.push_str(&compose::write(more, &chosen, None));
            held.iter_mut().zip(chosen.held(sought, more)).for_each(|(held, own)| *held = held.max(own));
        }
        let taken: Vec<&Ranked<'_>> = ranked.iter().filter(|other| is_worth(other, best)).take(EXCERPTS).collect();
        let excerpts = taken.iter().map(|ranked| excerpt(ranked)).collect();
        let sections = taken.iter().map(|ranked| place(ranked)).collect();
        let confidence = (f64::from(confidence.min(1.0)) * 100.0).round() / 100.0;
        let answer = DocsAnswer { answer, confidence, excerpts, sources: sources(&taken, EXCERPTS) };
        Asked { answer, sections }
    }

    fn refuse(&self, sought: &Sought, ranked: &[Ranked<'_>]) -> Asked {
        let near: Vec<&Ranked<'_>> = ranked.iter().collect();
        let mut sources = sources(&near, NEAREST);
        let mut answer = "The documentation does not answer this question.".to_owned();
        let is_foreign = |word: &str| word.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
        if sought.concepts.iter().all(|concept| !concept.is_known())
            && sought.concepts.iter().any(|concept| is_foreign(&concept.word))
        {
            answer.push_str(" It is written in English: ask in English.");
        }
        if sources.is_empty() {
            sources.extend(self.pages().first().map(|page| DocsSource { title: page.title.clone(), url: page.url() }));
        }
        let links: Vec<String> = sources.iter().map(|source| format!("[{}]({})", source.title, source.url)).collect();
        answer.push_str(&format!(" The nearest pages: {}.", links.join(", ")));
        let answer = DocsAnswer { answer, confidence: 0.0, excerpts: Vec::new(), sources };
        Asked { answer, sections: Vec::new() }
    }
}

/// The section that holds most of what the answer does not hold yet, with what to take from it.
fn further<'r, 'a>(
    question: &Question,
    sought: &Sought,
    held: &[f32],
    ranked: &'r [Ranked<'a>],
) -> Option<(&'r Ranked<'a>, Chosen)> {
    let best = ranked.first()?;
    let gain = |other: &Ranked<'_>, chosen: &Chosen| {
        let more: Held = chosen.held(sought, other).iter().zip(held).map(|(own, held)| (own - held).max(0.0)).collect();
        sought.share(&more)
    };
    let means_it = |other: &Ranked<'_>| other.meaning >= best.meaning * ALSO_MEANT;
    let near = ranked.iter().skip(1).take(EXCERPTS).filter(|other| is_worth(other, best) && means_it(other));
    near.filter_map(|other| Some((other, compose::choose(question, sought, other, compose::MORE)?)))
        .map(|(other, chosen)| (gain(other, &chosen), other, chosen))
        .filter(|(gain, ..)| *gain >= GAIN)
        .max_by(|(a, ..), (b, ..)| a.total_cmp(b))
        .map(|(_, other, chosen)| (other, chosen))
}

/// Whether a section is near enough to the best one to be an excerpt.
fn is_worth(other: &Ranked<'_>, best: &Ranked<'_>) -> bool {
    other.score >= best.score - BEHIND && !other.section.passages.list.is_empty()
}

/// The section's address: `page#section`.
fn place(ranked: &Ranked<'_>) -> String {
    format!("{}#{}", ranked.page.name, ranked.section.slug)
}

/// The second section with what to take from it, where it is nearly as likely to answer as the first.
fn rival<'r, 'a>(question: &Question, sought: &Sought, ranked: &'r [Ranked<'a>]) -> Option<(&'r Ranked<'a>, Chosen)> {
    let (best, next) = (ranked.first()?, ranked.get(1)?);
    let is_close = best.score - next.score < RIVAL && !next.section.passages.list.is_empty();
    is_close.then(|| compose::choose(question, sought, next, compose::MORE)).flatten().map(|chosen| (next, chosen))
}

/// The passage of a section that fits best.
fn excerpt(ranked: &Ranked<'_>) -> DocsExcerpt {
    let list = &ranked.section.passages.list;
    let best = (0..list.len()).max_by(|a, b| {
        let score = |place: &usize| ranked.passages.get(*place).copied().unwrap_or(0.0);
        score(a).total_cmp(&score(b)).then(b.cmp(a))
    });
    let text = best.and_then(|place| list.get(place)).map_or_else(String::new, |passage| match &passage.kind {
        Kind::Row { table, row } => {
            ranked.section.passages.tables.get(*table).map_or_else(String::new, |table| table.markdown(&[*row]))
        }
        Kind::Sentence | Kind::Item | Kind::Step(_) | Kind::Sample { .. } => passage.text.clone(),
    });
    DocsExcerpt {
        text,
        page: ranked.page.name.to_owned(),
        section: ranked.section.title.clone(),
        url: ranked.page.url_of(ranked.section),
    }
}

/// The pages of these sections, each once, in their order.
fn sources(ranked: &[&Ranked<'_>], most: usize) -> Vec<DocsSource> {
    let mut seen = HashSet::new();
    let pages = ranked.iter().map(|ranked| ranked.page).filter(|page| seen.insert(page.name)).take(most);
    pages.map(|page| DocsSource { title: page.title.clone(), url: page.url() }).collect()
}

/// The answer as a document: the reply, the excerpts, the sources.
pub fn answer_as_markdown(answer: &DocsAnswer) -> String {
    let mut text = answer.answer.clone();
    text.push('\n');
    if !answer.excerpts.is_empty() {
        text.push_str("\n## Excerpts\n");
        for excerpt in &answer.excerpts {
            let quoted: Vec<String> = excerpt.text.lines().map(|line| format!("> {line}\n")).collect();
            text.push_str(&format!("\n[{}]({})\n\n{}", escape_link(&excerpt.section), excerpt.url, quoted.concat()));
        }
    }
    if !answer.sources.is_empty() {
        text.push_str("\n## Sources\n\n");
        answer.sources.iter().for_each(|source| text.push_str(&format!("- [{}]({})\n", source.title, source.url)));
    }
    text
}

fn escape_link(text: &str) -> String {
    text.replace('[', "\\[").replace(']', "\\]")
}
