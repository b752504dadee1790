//! Documents cut into passages: what stands under a heading, in pieces short enough to be cited.

use std::{collections::HashMap, fmt::Write as _, sync::Arc};

use aws_lc_rs::digest;

use crate::{
    documents::Document,
    markdown::{self, Block, plain},
};

/// A passage ends with the block that makes it this long.
const WORDS: usize = 140;

/// Some blocks of a section, in order.
#[derive(Debug)]
pub(crate) struct Passage {
    /// The document's path.
    pub(crate) path: Arc<str>,
    /// The headings above, outermost first, as plain text.
    pub(crate) headings: Vec<String>,
    /// The innermost heading as GitHub links to it. Empty above the first heading.
    pub(crate) anchor: String,
    /// Where the first block begins, counted from 1.
    pub(crate) line: usize,
    /// What it says.
    pub(crate) blocks: Vec<Block>,
}

impl Passage {
    /// The headings in one line, or the path of a document without any.
    pub(crate) fn title(&self) -> String {
        if self.headings.is_empty() { self.path.to_string() } else { self.headings.join(" › ") }
    }

    /// Where a reader finds it.
    pub(crate) fn url(&self) -> String {
        if self.anchor.is_empty() { self.path.to_string() } else { format!("{}#{}", self.path, self.anchor) }
    }

    /// Its text, block by block.
    pub(crate) fn text(&self) -> String {
        self.blocks.iter().map(Block::text).collect::<Vec<_>>().join("\n")
    }

    /// SHA-256 of the text, in hexadecimal.
    pub(crate) fn content_hash(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.text().as_bytes());
        digest.as_ref().iter().fold(String::new(), |mut hash, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hash, "{byte:02x}");
            hash
        })
    }
}

/// The passages of a document, in order. Headings with nothing under them have none.
pub(crate) fn passages(document: &Document) -> Vec<Passage> {
    let mut splitter = Splitter { path: document.path.as_str().into(), ..Splitter::default() };
    for (line, block) in markdown::blocks(&document.text) {
        match block {
            Block::Heading { level, text } => splitter.heading(level, &text),
            block => splitter.block(line, block),
        }
    }
    splitter.finish();
    splitter.passages
}

#[derive(Default)]
struct Splitter {
    path: Arc<str>,
    passages: Vec<Passage>,
    headings: Vec<(usize, String)>,
    anchor: String,
    anchors: HashMap<String, usize>,
    line: usize,
    words: usize,
    blocks: Vec<Block>,
}

impl Splitter {
    fn heading(&mut self, level: usize, text: &str) {
        self.finish();
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, plain(text)));
        let slug = slug(&plain(text));
        let seen = self.anchors.entry(slug.clone()).or_default();
        self.anchor = if *seen == 0 { slug } else { format!("{slug}-{seen}") };
        *seen += 1;
    }

    fn block(&mut self, line: usize, block: Block) {
        // A list or code stays with the line that introduces it.
        let introduced = self.blocks.last().is_some_and(|last| last.text().ends_with(':'));
        if self.words >= WORDS && !introduced {
            self.finish();
        }
        if self.blocks.is_empty() {
            self.line = line;
        }
        self.words += block.text().split_whitespace().count();
        self.blocks.push(block);
    }

    fn finish(&mut self) {
        self.words = 0;
        let blocks = std::mem::take(&mut self.blocks);
        if !blocks.is_empty() {
            self.passages.push(Passage {
                path: Arc::clone(&self.path),
                headings: self.headings.iter().map(|(_, text)| text.clone()).collect(),
                anchor: self.anchor.clone(),
                line: self.line,
                blocks,
            });
        }
    }
}

/// The anchor that GitHub gives a heading.
fn slug(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<Passage> {
        passages(&Document { path: "guide.md".to_owned(), text: text.to_owned().into() })
    }

    #[test]
    fn a_passage_knows_its_headings_and_place() {
        let found =
            split("Before.\n\n# Guide\n\nIntro.\n\n## Set `A`\n\nOne.\n\n### Deep\n\nTwo.\n\n## Set `A`\n\nThree.\n");
        let places = found.iter().map(|p| (p.title(), p.url(), p.line)).collect::<Vec<_>>();
        insta::assert_debug_snapshot!(places, @r#"
        [
            (
                "guide.md",
                "guide.md",
                1,
            ),
            (
                "Guide",
                "guide.md#guide",
                5,
            ),
            (
                "Guide › Set A",
                "guide.md#set-a",
                9,
            ),
            (
                "Guide › Set A › Deep",
                "guide.md#deep",
                13,
            ),
            (
                "Guide › Set A",
                "guide.md#set-a-1",
                17,
            ),
        ]
        "#);
    }

    #[test]
    fn a_long_section_is_cut_between_blocks_only() {
        let paragraph = "word ".repeat(100);
        let code = "x y\n".repeat(200);
        let found = split(&format!("# T\n\n{paragraph}\n\n{paragraph}\n\nThus:\n\n```\n{code}```\n\nEnd.\n"));
        let blocks = found.iter().map(|p| (p.line, p.blocks.len(), p.url())).collect::<Vec<_>>();
        let url = || "guide.md#t".to_owned();
        assert_eq!(blocks, [(3, 2, url()), (7, 2, url()), (212, 1, url())]);
    }

    #[test]
    fn headings_in_code_do_not_split() {
        let found = split("# T\n\n```bash\n# a comment\nls\n```\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text(), "# a comment\nls");
    }

    #[test]
    fn the_hash_is_of_the_text() {
        let hash = "185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969";
        assert_eq!(split("# A\n\nHello\n")[0].content_hash(), hash);
    }

    #[test]
    fn anchors_are_those_of_github() {
        for (heading, anchor) in [
            ("Who is calling?", "who-is-calling"),
            ("`AGENT_URL` & friends", "agent_url--friends"),
            ("6. The life of a run", "6-the-life-of-a-run"),
            ("Überblick: C++", "überblick-c"),
        ] {
            assert_eq!(slug(heading), anchor);
        }
    }
}
