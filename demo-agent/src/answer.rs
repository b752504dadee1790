//! From passages to an answer: the sentences that say most about the question, quoted in reading order and cited.

use std::collections::HashSet;

use crate::{
    index::{Hit, to_f64},
    markdown::{Block, label, plain},
    question::Concept,
    said::Said,
    sentences::sentences,
};

/// How many passages are quoted at most, and how near to the best the others must come.
const PASSAGES: usize = 3;
const NEAR_ENOUGH: f64 = 0.7;
/// How many words are quoted of the best passage, and of each other one.
const FIRST_WORDS: usize = 130;
const OTHER_WORDS: usize = 45;
/// How near a sentence must come to the best one of its passage, and of the best passage.
const SENTENCE_NEAR_ENOUGH: f64 = 0.5;
const OTHER_SENTENCE_NEAR_ENOUGH: f64 = 0.65;
/// From here on a sentence pays for its length.
const LONG_SENTENCE: f64 = 30.0;
/// How much of a sentence may have been said already.
const REPETITION: f64 = 0.7;
const SHORT_PARAGRAPH: usize = 60;
const CODE_LINES: usize = 14;
const SNIPPET: usize = 280;
/// A sentence that begins so needs the one before it.
const LEANING: [&str; 12] =
    ["It", "Its", "This", "That", "These", "Those", "They", "Then", "Thus", "Both", "Otherwise", "There"];

/// What is quoted of one passage.
#[derive(Debug)]
pub(crate) struct Quote<'a> {
    /// The passage.
    pub(crate) hit: &'a Hit<'a>,
    /// Markdown, without a citation mark.
    units: Vec<Unit<'a>>,
}

/// A sentence, an item or a code block: what is quoted whole or not at all.
#[derive(Debug)]
struct Unit<'a> {
    block: usize,
    kind: Kind<'a>,
    text: &'a str,
    score: f64,
    chosen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    Sentence,
    Item(&'a str),
    Code(&'a str),
}

/// What to quote, best passage first. `hits` are in that order already.
pub(crate) fn quotes<'a>(hits: &'a [Hit<'a>], concepts: &[Concept]) -> Vec<Quote<'a>> {
    let Some(best) = hits.first() else { return Vec::new() };
    let mut said = Vec::new();
    let mut quotes = Vec::new();
    let mut floor = 0.0;
    for hit in hits.iter().filter(|hit| hit.score >= best.score * NEAR_ENOUGH) {
        let budget = if quotes.is_empty() { FIRST_WORDS } else { OTHER_WORDS };
        let units = choose(hit, concepts, budget, floor, &mut said);
        if !units.is_empty() {
            if quotes.is_empty() {
                floor = best_score(&units) * OTHER_SENTENCE_NEAR_ENOUGH;
            }
            quotes.push(Quote { hit, units });
        }
        if quotes.len() == PASSAGES {
            break;
        }
    }
    quotes
}

fn choose<'a>(
    hit: &Hit<'a>,
    concepts: &[Concept],
    budget: usize,
    floor: f64,
    said: &mut Vec<HashSet<String>>,
) -> Vec<Unit<'a>> {
    let mut units = units(hit, concepts);
    let floor = floor.max(best_score(&units) * SENTENCE_NEAR_ENOUGH);
    let mut order = (0..units.len()).collect::<Vec<_>>();
    order.sort_by(|a, b| units[*b].score.total_cmp(&units[*a].score));
    let mut left = budget;
    for index in order {
        let words = units[index].words();
        let nothing_yet = left == budget;
        if units[index].score < floor || units[index].score <= 0.0 {
            break;
        }
        if words > left && !nothing_yet || units[index].is_long_code() {
            continue;
        }
        let unit_terms = units[index].said().into_terms();
        if said.iter().any(|said| repeats(&unit_terms, said)) {
            continue;
        }
        said.push(unit_terms);
        units[index].chosen = true;
        left = left.saturating_sub(words);
    }
    if units.iter().any(|unit| unit.chosen) {
        complete(&mut units, left);
    }
    units.retain(|unit| unit.chosen);
    units
}

fn units<'a>(hit: &Hit<'a>, concepts: &[Concept]) -> Vec<Unit<'a>> {
    let mut units = Vec::new();
    for (block, content) in hit.passage.blocks.iter().enumerate() {
        let mut add = |kind, text| units.push(Unit { block, kind, text, score: 0.0, chosen: false });
        match content {
            Block::Heading { text, .. } | Block::Prose(text) => {
                for sentence in sentences(text) {
                    add(Kind::Sentence, sentence);
                }
            }
            Block::Item { marker, text } => add(Kind::Item(marker), text),
            Block::Code { language, text } => add(Kind::Code(language), text),
        }
    }
    let heading = hit.passage.headings.last().map_or(0.0, |heading| score(&Said::in_prose(heading), concepts));
    let mut labelled = (0, 0.0);
    for (place, unit) in units.iter_mut().enumerate() {
        if unit.block != labelled.0 || place == 0 {
            labelled = (unit.block, label(unit.text).map_or(0.0, |label| score(&Said::in_prose(label), concepts)));
        }
        let length = (to_f64(unit.words()) - LONG_SENTENCE).max(0.0) / (4.0 * LONG_SENTENCE);
        // Under a heading that says what was asked, the text answers from its beginning.
        unit.score = (score(&unit.said(), concepts) + labelled.1 / 2.0) / (1.0 + length)
            + heading / (1.0 + 0.25 * to_f64(place));
        labelled.1 /= 1.5;
    }
    units
}

fn best_score(units: &[Unit<'_>]) -> f64 {
    units.iter().map(|unit| unit.score).fold(0.0, f64::max)
}

/// How much of what was asked a text speaks about.
fn score(said: &Said, concepts: &[Concept]) -> f64 {
    concepts.iter().map(|concept| said.likeness(concept) * concept.informativeness * concept.weight).sum()
}

/// Adds what the chosen units need to be understood: what they lean on, what they announce, what announces them.
fn complete(units: &mut [Unit<'_>], mut left: usize) {
    let picked = units.iter().map(|unit| unit.chosen).collect::<Vec<_>>();
    for index in (1..units.len()).rev().filter(|index| picked[*index]) {
        let leans = units[index].leans() && units[index - 1].block == units[index].block;
        if leans {
            units[index - 1].chosen = true;
        } else if let Some(introduction) = introduction(units, index) {
            units[introduction].chosen = true;
        }
    }
    for index in 1..units.len() {
        let (before, unit) = (&units[index - 1], &units[index]);
        let announced = introduction(units, index).is_some_and(|introduction| picked[introduction]);
        let wanted = match unit.kind {
            // Code that follows what is quoted is most often what was asked for.
            Kind::Code(_) => before.chosen && !unit.is_long_code(),
            Kind::Item(_) => announced && before.chosen && unit.words() <= left,
            // A short paragraph is one thought.
            Kind::Sentence => {
                let paragraph = units.iter().filter(|other| other.block == unit.block).map(Unit::words).sum::<usize>();
                let whole = paragraph <= SHORT_PARAGRAPH && unit.words() <= left;
                before.chosen && before.block == unit.block && (before.is_label() || whole)
            }
        };
        if wanted && !unit.chosen {
            left = left.saturating_sub(unit.words());
            units[index].chosen = true;
        }
    }
}

/// The sentence with a colon that a list or code belongs to.
fn introduction(units: &[Unit<'_>], index: usize) -> Option<usize> {
    let before = units[..index].iter().rposition(|unit| unit.kind == Kind::Sentence)?;
    (units[index].kind != Kind::Sentence && units[before].text.ends_with(':')).then_some(before)
}

fn repeats(terms: &HashSet<String>, said: &HashSet<String>) -> bool {
    to_f64(terms.intersection(said).count()) > to_f64(terms.len()) * REPETITION
}

impl Unit<'_> {
    fn words(&self) -> usize {
        self.text.split_whitespace().count()
    }

    fn is_first(&self) -> bool {
        self.kind == Kind::Item("1.")
    }

    fn said(&self) -> Said {
        if matches!(self.kind, Kind::Code(_)) { Said::in_code(self.text) } else { Said::in_prose(self.text) }
    }

    fn is_long_code(&self) -> bool {
        matches!(self.kind, Kind::Code(_)) && self.text.lines().count() > CODE_LINES
    }

    /// Whether it says nothing but what the sentences after it are about.
    fn is_label(&self) -> bool {
        self.kind == Kind::Sentence && label(self.text).is_some_and(|label| label.len() + 5 >= self.text.len())
    }

    fn leans(&self) -> bool {
        self.kind == Kind::Sentence && self.text.split(' ').next().is_some_and(|first| LEANING.contains(&first))
    }
}

impl Quote<'_> {
    /// The quoted text with its mark, as `[1]`.
    pub(crate) fn markdown(&self, number: usize) -> String {
        let mut output = String::new();
        let mut previous: Option<&Unit<'_>> = None;
        let last_prose = self.units.iter().rposition(|unit| !matches!(unit.kind, Kind::Code(_)));
        if self.units.first().is_some_and(|unit| matches!(unit.kind, Kind::Code(_))) {
            let mark = if last_prose.is_none() { format!(" [{number}]") } else { String::new() };
            output = format!("{}{mark}:", self.hit.passage.title());
        }
        let items = self.units.iter().filter(|unit| matches!(unit.kind, Kind::Item(_))).count();
        let numbered = self.units.iter().find(|unit| matches!(unit.kind, Kind::Item(_))).is_some_and(Unit::is_first);
        for (index, unit) in self.units.iter().enumerate() {
            output.push_str(match (previous.map(|unit| unit.kind), unit.kind) {
                (None, _) if output.is_empty() => "",
                (Some(Kind::Item(_)), Kind::Item(_)) => "\n",
                (Some(Kind::Sentence), Kind::Sentence) if previous.is_some_and(|p| p.block == unit.block) => " ",
                _ => "\n\n",
            });
            let mark = if Some(index) == last_prose { format!(" [{number}]") } else { String::new() };
            match unit.kind {
                Kind::Sentence => {
                    let announces = self.units.get(index + 1).is_some_and(|next| next.kind != Kind::Sentence);
                    let text = unit.text.strip_suffix(':').filter(|_| !announces);
                    output.push_str(&text.map_or_else(|| marked(unit.text, &mark), |text| format!("{text}.{mark}")));
                }
                // One item is a sentence, and some of a numbered list are no numbered list.
                Kind::Item(_) if items == 1 => output.push_str(&marked(unit.text, &mark)),
                Kind::Item(marker) => {
                    output.extend([if numbered { marker } else { "-" }, " ", &marked(unit.text, &mark)]);
                }
                Kind::Code(language) => output.extend(["```", language, "\n", unit.text, "\n```"]),
            }
            previous = Some(unit);
        }
        output
    }

    /// The quoted text without markup, cut where it is long.
    pub(crate) fn snippet(&self) -> String {
        let texts = self.units.iter().map(|unit| match unit.kind {
            Kind::Code(_) => unit.text.split_whitespace().collect::<Vec<_>>().join(" "),
            _ => plain(unit.text),
        });
        shortened(&texts.collect::<Vec<_>>().join(" "), SNIPPET)
    }
}

/// A colon stays last, for what it announces.
fn marked(text: &str, mark: &str) -> String {
    match text.strip_suffix(':') {
        Some(text) if !mark.is_empty() => format!("{text}{mark}:"),
        _ => format!("{text}{mark}"),
    }
}

/// Text of at most `most` characters, cut after a word.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let cut = text[..end].rfind(' ').filter(|space| *space > end / 2).unwrap_or(end);
    format!("{}…", text[..cut].trim_end_matches([' ', ',', ';', ':', '.', '-']))
}
