//! The search of the pages, as somebody types.

use protocol::docs::DocsHit;

use crate::{index::Entry, library::Library, sought::Sought};

/// Longest text that is searched for, in characters; more of it is not looked at.
const MAX_QUERY: usize = 200;
/// Characters of a passage that are shown.
const SHOWN: usize = 180;

impl Library {
    /// The sections that hold what is typed, the best first. The last word may be the beginning of one.
    pub fn search(&self, typed: &str, most: usize) -> Vec<DocsHit> {
        let typed: String = typed.chars().take(MAX_QUERY).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let mut concepts = self.index.concepts(&typed);
        if !typed.ends_with(char::is_whitespace)
            && let Some(beginning) = self.index.beginning(&typed)
        {
            concepts.retain(|concept| concept.word != beginning.word);
            concepts.push(beginning);
        }
        let sought = self.index.seek(concepts);
        let mut found: Vec<(f32, &Entry)> = self
            .index
            .entries
            .iter()
            .map(|entry| (score(entry, &sought), entry))
            .filter(|(score, _)| *score >= 0.25)
            .collect();
        found.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        found.into_iter().filter_map(|(_, entry)| self.hit(entry, &sought)).take(most).collect()
    }

    fn hit(&self, entry: &Entry, sought: &Sought) -> Option<DocsHit> {
        let page = self.pages.get(entry.page)?;
        let section = page.sections.get(entry.section)?;
        let values: Vec<f32> = entry.passages.iter().map(|terms| sought.share(&sought.held(terms))).collect();
        let value = |place: usize| values.get(place).copied().unwrap_or(0.0);
        let list = &section.passages.list;
        let best = (0..list.len()).max_by(|a, b| value(*a).total_cmp(&value(*b)).then(b.cmp(a)));
        let text = best.and_then(|place| list.get(place)).map_or(page.description.as_str(), |passage| &passage.plain);
        Some(DocsHit {
            title: page.title.clone(),
            section: section.title.clone(),
            text: shortened(text),
            url: page.url_of(section),
        })
    }
}

/// How far the section is about what was typed, from 0 to about 1.5.
fn score(entry: &Entry, sought: &Sought) -> f32 {
    let weights = entry.weights(sought);
    let missing = weights.iter().filter(|weight| **weight <= 0.0).count();
    let met = entry.heading.iter().filter(|term| sought.nearness(**term) > 0.0).count() as f32;
    // A heading that is nothing but what is typed goes before one that has it, too.
    let whole = 0.5 + 0.5 * met / entry.heading.len().max(1) as f32;
    let in_heading = whole * sought.share(&sought.held(&entry.heading));
    (sought.share(&weights) + 0.5 * in_heading) * 0.6_f32.powi(i32::try_from(missing).unwrap_or(i32::MAX))
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    let cut: String = line.chars().take(SHOWN).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", cut.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::library;

    fn first(typed: &str) -> String {
        library().search(typed, 5).first().map(|hit| hit.url.clone()).unwrap_or_default()
    }

    #[test]
    fn sections_are_found_while_their_names_are_typed() {
        assert_eq!(first("eligib"), "/docs/models#eligibility");
        assert_eq!(first("session_not_running"), "/docs/troubleshooting#session_not_running");
        assert_eq!(first("service un"), "/docs/operating#service-unit");
        assert_eq!(first("export"), "/docs/evaluate-a-model#export");
    }

    #[test]
    fn whatever_is_typed_is_answered() {
        for typed in
            ["", " ", "\u{0}", "<script>", "日本語", &"x".repeat(10_000), &"a ".repeat(5_000), "\"", "*:*", "((("]
        {
            let hits = library().search(typed, 5);
            assert!(hits.len() <= 5, "{typed}");
        }
    }
}
