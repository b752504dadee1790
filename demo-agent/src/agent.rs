//! The agent itself: it looks a question up and writes the reply.

use crate::{
    answer::{Quote, quotes},
    contract::{RunRequest, Source, SourceMetadata, Span, Usage},
    documents::Document,
    index::{Hit, Index},
    question::{Concept, concepts},
};

mod small_talk;
mod title;

/// How much of a question a passage must speak about to be an answer, and how much a single block of it. Of a long
/// question, much is decoration.
const ENOUGH: (f64, f64) = (0.4, 0.5);
const ENOUGH_OF_MANY: (f64, f64) = (0.3, 0.25);
const MANY_CONCEPTS: usize = 4;
/// From here on a passage is worth a hint.
const NEARLY: f64 = 0.2;
const HINTS: usize = 3;
const CANDIDATES: usize = 24;
const SUGGESTIONS: usize = 5;

/// Answers questions from documents.
#[derive(Debug)]
pub struct Agent {
    index: Index,
    titles: Vec<String>,
    suggestions: Vec<String>,
}

/// What the agent says to a question.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) title: Option<String>,
    pub(crate) parts: Vec<Part>,
    pub(crate) usage: Usage,
}

/// A piece of the reply and the source it is taken from. The pieces together are the output.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) source: Option<Source>,
}

impl Agent {
    /// An agent that has read `documents`.
    #[must_use]
    pub fn new(documents: &[Document]) -> Self {
        let index = Index::new(documents);
        let mut titles = Vec::new();
        let mut suggestions = Vec::new();
        for passage in index.passages() {
            let mut headings = passage.headings.iter();
            let title = headings.next().map_or_else(|| passage.path.to_string(), Clone::clone);
            push_new(&mut titles, title);
            if let Some(topic) = headings.next().filter(|_| suggestions.len() < SUGGESTIONS) {
                push_new(
                    &mut suggestions,
                    topic.trim_start_matches(|c: char| c.is_numeric() || ". ".contains(c)).to_owned(),
                );
            }
        }
        Self { index, titles, suggestions }
    }

    /// How many documents there are that say something.
    pub(crate) fn document_count(&self) -> usize {
        let mut paths = self.index.passages().iter().map(|passage| &passage.path).collect::<Vec<_>>();
        paths.dedup();
        paths.len()
    }

    /// How many passages can be found.
    pub(crate) fn passage_count(&self) -> usize {
        self.index.passages().len()
    }

    pub(crate) fn reply(&self, request: &RunRequest) -> Reply {
        let question = request.question();
        let earlier = request.earlier_questions();
        let mut reply = match small_talk::recognise(question) {
            Some(talk) => Reply { parts: vec![part(self.small_talk(talk))], ..Reply::default() },
            None => self.look_up(question, &earlier),
        };
        let output = reply.output();
        reply.usage = Usage::counted(std::iter::once(question).chain(earlier), &output);
        reply
    }

    fn look_up(&self, question: &str, earlier: &[&str]) -> Reply {
        let concepts = concepts(question, earlier, &self.index);
        let title = earlier.is_empty().then(|| title::of(question)).flatten();
        if concepts.is_empty() {
            return Reply {
                title,
                parts: vec![part(self.small_talk(small_talk::Talk::Introduction))],
                ..Reply::default()
            };
        }
        let hits = self.index.search(&concepts, CANDIDATES);
        let (coverage, focus) = if concepts.len() < MANY_CONCEPTS { ENOUGH } else { ENOUGH_OF_MANY };
        let (answering, near): (Vec<_>, Vec<_>) =
            hits.into_iter().partition(|hit| hit.coverage >= coverage && hit.focus >= focus);
        let quotes = quotes(&answering, &concepts);
        let parts = if quotes.is_empty() { vec![part(self.unanswered(&near))] } else { cited(&quotes, &concepts) };
        Reply { title, parts, ..Reply::default() }
    }

    fn small_talk(&self, talk: small_talk::Talk) -> String {
        match talk {
            small_talk::Talk::Thanks => "You are welcome. Ask on whenever you like.".to_owned(),
            small_talk::Talk::Introduction => {
                format!("Hello! I answer questions from documents, and quote where the answer stands. {}", self.about())
            }
        }
    }

    fn unanswered(&self, near: &[Hit<'_>]) -> String {
        let admission = "The documents do not say anything about that, and I know nothing else.";
        let near = near.iter().filter(|hit| hit.coverage >= NEARLY).take(HINTS);
        let hints = near.map(|hit| format!("- {} (`{}`)", hit.passage.title(), hit.passage.url())).collect::<Vec<_>>();
        if hints.is_empty() {
            format!("{admission} {}", self.about())
        } else {
            format!("{admission} Perhaps one of these sections is near it:\n\n{}", hints.join("\n"))
        }
    }

    fn about(&self) -> String {
        if self.titles.is_empty() {
            return "There are no documents to answer from yet.".to_owned();
        }
        let (titles, more) = self.titles.split_at(self.titles.len().min(SUGGESTIONS));
        let titles = titles.iter().map(|title| format!("*{title}*")).collect::<Vec<_>>().join(", ");
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let topics = self.suggestions.join("\n- ");
        let invitation = if topics.is_empty() { "" } else { "\n\nYou could ask about:\n\n- " };
        format!("I have read {titles}{more}.{invitation}{topics}")
    }
}

impl Reply {
    /// The whole text.
    pub(crate) fn output(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }
}

fn part(text: String) -> Part {
    Part { text, source: None }
}

fn push_new(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn cited(quotes: &[Quote<'_>], concepts: &[Concept]) -> Vec<Part> {
    let mut parts = Vec::new();
    // An honest word about names that only the question knows.
    let unknown = concepts.iter().filter(|concept| concept.asked && concept.named && concept.is_unknown());
    let unknown = unknown.map(|concept| format!("“{}”", concept.word)).collect::<Vec<_>>();
    if !unknown.is_empty() {
        let names = unknown.join(" or ");
        parts.push(part(format!("The documents do not mention {names}. The nearest that they say:\n\n")));
    }
    let mut length = parts.iter().map(|part| part.text.chars().count()).sum::<usize>();
    for (index, quote) in quotes.iter().enumerate() {
        if index > 0 {
            parts.push(part("\n\n".to_owned()));
            length += 2;
        }
        let text = quote.markdown(index + 1);
        let span = Span { start: length, end: length + text.chars().count() };
        length = span.end;
        parts.push(Part { text, source: Some(source(quote.hit, quote.snippet(), span)) });
    }
    parts
}

fn source(hit: &Hit<'_>, snippet: String, span: Span) -> Source {
    let passage = hit.passage;
    Source {
        kind: "document",
        title: passage.title(),
        url: passage.url(),
        snippet,
        score: (hit.score * 1_000.0).round() / 1_000.0,
        span,
        content_hash: passage.content_hash(),
        metadata: SourceMetadata { path: passage.path.to_string(), line: passage.line },
    }
}
