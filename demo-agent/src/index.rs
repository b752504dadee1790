//! BM25 over passages, with weight for headings (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009).

use std::collections::HashMap;

use crate::{
    documents::Document,
    markdown::{Block, label},
    passages,
    passages::Passage,
    question::{Concept, covered},
    said::{IN_CODE, Said, code_terms},
    terms::terms,
};

/// How fast repetition stops to count.
const SATURATION: f64 = 1.2;
/// How much long passages pay for their length.
const LENGTH_NORMALISATION: f64 = 0.6;
const OWN_HEADING: f64 = 3.0;
const HEADING_ABOVE: f64 = 1.0;
const LABEL: f64 = 1.5;
/// A changelog says what changed, which is seldom the question; a README says first what is asked first.
const CHANGELOG: f64 = 0.6;
const README: f64 = 1.1;

/// Passages and the terms they are found by.
#[derive(Debug)]
pub(crate) struct Index {
    passages: Vec<Passage>,
    postings: HashMap<String, Vec<Posting>>,
    lengths: Vec<f64>,
    mean_length: f64,
}

#[derive(Debug)]
struct Posting {
    passage: usize,
    frequency: f64,
}

/// A passage that a question led to.
#[derive(Debug)]
pub(crate) struct Hit<'a> {
    /// The passage.
    pub(crate) passage: &'a Passage,
    /// How well it matches; higher is better.
    pub(crate) score: f64,
    /// How much of the question itself it speaks about, 0 to 1.
    pub(crate) coverage: f64,
    /// How much of all that was looked for a single block of it speaks about, 0 to 1.
    pub(crate) focus: f64,
}

impl Index {
    pub(crate) fn new(documents: &[Document]) -> Self {
        let mut index = Self { passages: Vec::new(), postings: HashMap::new(), lengths: Vec::new(), mean_length: 0.0 };
        documents.iter().flat_map(passages::passages).for_each(|passage| index.add(passage));
        index.mean_length = index.lengths.iter().sum::<f64>() / to_f64(index.lengths.len().max(1));
        index
    }

    fn add(&mut self, passage: Passage) {
        let mut frequencies = HashMap::<String, f64>::new();
        let mut length = 0.0;
        for block in &passage.blocks {
            let (terms_of_block, weight): (Vec<_>, _) = match block {
                Block::Code { text, .. } => (code_terms(text).collect(), IN_CODE),
                block => (terms(block.text()).collect(), 1.0),
            };
            for term in terms_of_block {
                *frequencies.entry(term).or_default() += weight;
                length += 1.0;
            }
            for term in label(block.text()).into_iter().flat_map(terms) {
                *frequencies.entry(term).or_default() += LABEL;
            }
        }
        for (distance, heading) in passage.headings.iter().rev().enumerate() {
            for term in terms(heading) {
                *frequencies.entry(term).or_default() += if distance == 0 { OWN_HEADING } else { HEADING_ABOVE };
            }
        }
        for term in terms(&passage.path) {
            *frequencies.entry(term).or_default() += HEADING_ABOVE;
        }
        for (term, frequency) in frequencies {
            self.postings.entry(term).or_default().push(Posting { passage: self.passages.len(), frequency });
        }
        self.lengths.push(length);
        self.passages.push(passage);
    }

    pub(crate) fn passages(&self) -> &[Passage] {
        &self.passages
    }

    pub(crate) fn contains(&self, term: &str) -> bool {
        self.postings.contains_key(term)
    }

    /// The terms that occur, in no order.
    pub(crate) fn vocabulary(&self) -> impl Iterator<Item = &str> {
        self.postings.keys().map(String::as_str)
    }

    /// How much a term tells: the more, the fewer passages it occurs in.
    pub(crate) fn informativeness(&self, term: &str) -> f64 {
        let (all, with) = (to_f64(self.passages.len()), to_f64(self.postings.get(term).map_or(0, Vec::len)));
        ((all - with + 0.5) / (with + 0.5)).ln_1p()
    }

    /// The passages that speak about any of `concepts`, best first.
    pub(crate) fn search(&self, concepts: &[Concept], limit: usize) -> Vec<Hit<'_>> {
        let mut found = HashMap::<usize, (f64, f64)>::new();
        let mass = concepts.iter().filter(|concept| concept.asked).map(|concept| concept.informativeness).sum::<f64>();
        for concept in concepts {
            for (passage, (score, matched)) in self.matches(concept) {
                let (total, covered) = found.entry(passage).or_default();
                *total += score * concept.weight;
                if concept.asked && mass > 0.0 {
                    *covered += matched * concept.informativeness / mass;
                }
            }
        }
        let mut hits = found
            .into_iter()
            .map(|(passage, (score, coverage))| {
                let passage = &self.passages[passage];
                Hit { passage, score: score * standing(&passage.path) * (0.4 + 0.6 * coverage), coverage, focus: 0.0 }
            })
            .collect::<Vec<_>>();
        let place = |hit: &Hit<'_>| std::ptr::from_ref(hit.passage).addr();
        let by_score = |a: &Hit<'_>, b: &Hit<'_>| b.score.total_cmp(&a.score).then_with(|| place(a).cmp(&place(b)));
        hits.sort_by(by_score);
        hits.truncate(limit);
        for hit in &mut hits {
            hit.focus = focus(hit.passage, concepts);
            hit.score *= 0.4 + 0.6 * hit.focus;
        }
        hits.sort_by(by_score);
        hits
    }

    /// For each passage, the score of the alternative that fits best, and how well that one stands for the concept.
    fn matches(&self, concept: &Concept) -> HashMap<usize, (f64, f64)> {
        let mut best = HashMap::<usize, (f64, f64)>::new();
        for (term, likeness) in &concept.alternatives {
            let informativeness = self.informativeness(term);
            for posting in self.postings.get(term).into_iter().flatten() {
                let length = self.lengths[posting.passage] / self.mean_length.max(1.0);
                let norm = SATURATION * (1.0 - LENGTH_NORMALISATION + LENGTH_NORMALISATION * length);
                let score =
                    likeness * informativeness * posting.frequency * (SATURATION + 1.0) / (posting.frequency + norm);
                let entry = best.entry(posting.passage).or_default();
                *entry = (entry.0.max(score), entry.1.max(*likeness));
            }
        }
        best
    }
}

fn standing(path: &str) -> f64 {
    match path.rsplit('/').next().unwrap_or(path).to_lowercase() {
        name if name.starts_with("changelog") => CHANGELOG,
        name if name.starts_with("readme") => README,
        _ => 1.0,
    }
}

/// Words that stand together belong together.
fn focus(passage: &Passage, concepts: &[Concept]) -> f64 {
    let heading = Said::in_prose(&passage.headings.join(" "));
    let block_focus = |block: &Block| {
        let said = match block {
            Block::Code { text, .. } => Said::in_code(text),
            block => Said::in_prose(block.text()),
        };
        covered(concepts, |concept| said.likeness(concept).max(heading.likeness(concept) * 0.8))
    };
    passage.blocks.iter().map(block_focus).fold(0.0, f64::max)
}

#[expect(clippy::cast_precision_loss, reason = "counts of passages and words stay far below 2^52")]
pub(crate) fn to_f64(count: usize) -> f64 {
    count as f64
}
