//! What a piece of text says. Code shows how, and seldom says what: the words in an example are beside the point.

use std::collections::HashSet;

use crate::{question::Concept, terms::terms};

/// How much a word in code counts, against one in prose.
pub(crate) const IN_CODE: f64 = 0.5;

/// The terms of a text.
#[derive(Debug, Default)]
pub(crate) struct Said {
    in_prose: HashSet<String>,
    in_code: HashSet<String>,
}

impl Said {
    pub(crate) fn in_prose(text: &str) -> Self {
        Self { in_prose: terms(text).collect(), in_code: HashSet::new() }
    }

    /// Comments in code are prose.
    pub(crate) fn in_code(text: &str) -> Self {
        Self { in_prose: comments(text).flat_map(terms).collect(), in_code: code_terms(text).collect() }
    }

    /// How well this speaks about a concept, 0 to 1.
    pub(crate) fn likeness(&self, concept: &Concept) -> f64 {
        concept.likeness_in(&self.in_prose).max(concept.likeness_in(&self.in_code) * IN_CODE)
    }

    /// All terms.
    pub(crate) fn into_terms(mut self) -> HashSet<String> {
        self.in_prose.extend(self.in_code);
        self.in_prose
    }
}

/// The terms of code. A sentence that an example sends is not what the document says.
pub(crate) fn code_terms(code: &str) -> impl Iterator<Item = String> {
    let is_sentence = |(place, text): &(usize, &str)| place % 2 == 1 && text.matches(' ').count() > 1;
    let parts = code.lines().flat_map(move |line| line.split('"').enumerate().filter(move |part| !is_sentence(part)));
    parts.flat_map(|(_, part)| terms(part))
}

/// The comments in code, as most languages write them.
pub(crate) fn comments(code: &str) -> impl Iterator<Item = &str> {
    let comment = |line: &'_ str| {
        ["# ", "// "].iter().find_map(|mark| {
            let at = line.find(mark)?;
            (at == 0 || line[..at].ends_with(' ')).then_some(at + mark.len())
        })
    };
    code.lines().filter_map(move |line| comment(line).map(|start| &line[start..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_example_sends_is_left_out() {
        let code = r#"curl -H "A: b" -d '{"message": "What survives a crash?"}'"#;
        assert_eq!(code_terms(code).collect::<Vec<_>>(), ["curl", "messag"]);
    }

    #[test]
    fn comments_are_told_from_code() {
        let code = "# first\nls -l  # second\nx // third\ncargo run -- up\na# b\n";
        assert_eq!(comments(code).collect::<Vec<_>>(), ["first", "second", "third"]);
    }
}
