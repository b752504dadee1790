//! As much of Markdown as is needed to cite it: headings, prose, list items, table rows and code, with their lines.

mod inline;

pub(crate) use self::inline::{label, plain, readable};

/// A piece of a document that is never cut by splitting it into passages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// A heading of level 1 to 6.
    Heading { level: usize, text: String },
    /// A paragraph.
    Prose(String),
    /// A list item, or a row of a table written as one.
    Item { marker: String, text: String },
    /// A code block.
    Code { language: String, text: String },
}

impl Block {
    /// What it says.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Heading { text, .. } | Self::Prose(text) | Self::Item { text, .. } | Self::Code { text, .. } => text,
        }
    }

    fn text_mut(&mut self) -> &mut String {
        match self {
            Self::Heading { text, .. } | Self::Prose(text) | Self::Item { text, .. } | Self::Code { text, .. } => text,
        }
    }
}

/// The blocks of a document, each with the line it begins in, counted from 1.
pub(crate) fn blocks(document: &str) -> Vec<(usize, Block)> {
    let mut parser = Parser::default();
    for (index, line) in document.lines().enumerate().skip(front_matter(document)) {
        parser.line(index + 1, line);
    }
    parser.close();
    parser.blocks
}

/// How many lines of YAML stand before the document.
fn front_matter(document: &str) -> usize {
    let mut lines = document.lines();
    if lines.next().map(str::trim_end) != Some("---") {
        return 0;
    }
    lines.position(|line| line.trim_end() == "---").map_or(0, |end| end + 2)
}

#[derive(Default)]
struct Parser {
    blocks: Vec<(usize, Block)>,
    /// A paragraph or an item that the next line may continue.
    open: Option<(usize, Block)>,
    fence: Option<Fence>,
    in_comment: bool,
    table: Table,
}

struct Fence {
    mark: String,
    indent: usize,
}

/// The table that is being read: the cells of its first row, and whether the ruler under it was seen.
#[derive(Default)]
struct Table {
    header: Vec<String>,
    ruled: bool,
}

impl Parser {
    fn line(&mut self, number: usize, line: &str) {
        if self.continue_fence(line) || self.continue_comment(line) {
            return;
        }
        let content = line.trim_start().trim_start_matches("> ").trim_end();
        let indent = line.len() - line.trim_start().len();
        if content.is_empty() || content == ">" {
            self.close();
        } else if let Some(mark) = fence_mark(content) {
            self.close();
            let language = content[mark.len()..].split_whitespace().next().unwrap_or_default().to_owned();
            self.open = Some((number, Block::Code { language, text: String::new() }));
            self.fence = Some(Fence { mark: mark.to_owned(), indent });
        } else if content.starts_with("<!--") {
            self.close();
            self.in_comment = !content.contains("-->");
        } else if let Some((level, text)) = heading(content).filter(|_| indent < 4) {
            self.push(number, Block::Heading { level, text });
        } else if is_ruler(content) {
            self.underline(content);
        } else if content.starts_with('|') {
            self.row(number, content);
        } else if let Some((marker, text)) = item(content) {
            self.close();
            self.open = Some((number, Block::Item { marker, text: text.to_owned() }));
        } else if !is_only_markup(content) {
            self.text(number, indent, line, content);
        }
    }

    fn text(&mut self, number: usize, indent: usize, line: &str, content: &str) {
        if let Some((_, open)) = &mut self.open {
            let separator = if matches!(open, Block::Code { .. }) { '\n' } else { ' ' };
            let addition = if separator == '\n' { line.get(4..).unwrap_or(content) } else { content };
            open.text_mut().push(separator);
            open.text_mut().push_str(addition);
        } else if indent >= 4 && !matches!(self.blocks.last(), Some((_, Block::Item { .. }))) {
            let text = line.get(4..).unwrap_or(content).to_owned();
            self.open = Some((number, Block::Code { language: String::new(), text }));
        } else {
            self.open = Some((number, Block::Prose(content.to_owned())));
        }
    }

    fn continue_fence(&mut self, line: &str) -> bool {
        let Some(fence) = &self.fence else { return false };
        let content = line.trim();
        if content.starts_with(&fence.mark) && content.trim_start_matches(fence.mark.as_bytes()[0] as char).is_empty() {
            self.fence = None;
            self.close();
        } else if let Some((_, Block::Code { text, .. })) = &mut self.open {
            let indent = fence.indent.min(line.len() - line.trim_start().len());
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line[indent..].trim_end());
        }
        true
    }

    fn continue_comment(&mut self, line: &str) -> bool {
        let within = self.in_comment;
        self.in_comment = within && !line.contains("-->");
        within
    }

    /// A line of dashes or equals signs: it makes a heading of the line above, or it parts.
    fn underline(&mut self, ruler: &str) {
        let level = if ruler.starts_with('=') { 1 } else { 2 };
        match self.open.take() {
            Some((number, Block::Prose(text))) if !ruler.starts_with(['*', '_']) => {
                self.push(number, Block::Heading { level, text });
            }
            open => {
                self.open = open;
                self.close();
            }
        }
    }

    fn row(&mut self, number: usize, content: &str) {
        if self.open.is_some() {
            self.close();
        }
        let cells = cells(content);
        if self.table.header.is_empty() {
            self.table.header = cells;
        } else if !self.table.ruled {
            self.table.ruled = true;
        } else {
            let text = self.table.describe(&cells);
            self.blocks.push((number, Block::Item { marker: "-".to_owned(), text }));
        }
    }

    fn push(&mut self, number: usize, block: Block) {
        self.close();
        self.blocks.push((number, block));
    }

    fn close(&mut self) {
        self.table = Table::default();
        if let Some((number, mut block)) = self.open.take() {
            if !matches!(block, Block::Code { .. }) {
                *block.text_mut() = readable(block.text());
            }
            if !block.text().trim().is_empty() {
                self.blocks.push((number, block));
            }
        }
    }
}

impl Table {
    /// A row as a sentence: the first cell is the subject, columns after the second keep their names.
    fn describe(&self, cells: &[String]) -> String {
        let mut text = match cells.first().map(|cell| readable(cell)) {
            Some(subject) if subject.starts_with(['`', '*', '[']) || subject.is_empty() => subject,
            Some(subject) => format!("**{subject}**"),
            None => String::new(),
        };
        let mut separator = if text.is_empty() { "" } else { ": " };
        for (index, cell) in cells.iter().enumerate().skip(1).filter(|(_, cell)| !cell.is_empty()) {
            text.push_str(separator);
            if let Some(name) = self.header.get(index).filter(|name| index > 1 && !name.is_empty()) {
                text.extend([&readable(name), ": "]);
            }
            text.push_str(&readable(cell));
            separator = "; ";
        }
        text
    }
}

fn cells(row: &str) -> Vec<String> {
    let inner = row.trim_matches('|').replace("\\|", "\u{1}");
    inner.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
}

fn fence_mark(content: &str) -> Option<&str> {
    let mark = content.chars().next().filter(|mark| ['`', '~'].contains(mark))?;
    let length = content.len() - content.trim_start_matches(mark).len();
    // Three backticks in a line of text are no fence.
    (length >= 3 && !content[length..].contains('`')).then(|| &content[..length])
}

fn heading(content: &str) -> Option<(usize, String)> {
    let text = content.trim_start_matches('#');
    let level = content.len() - text.len();
    let separated = text.is_empty() || text.starts_with([' ', '\t']);
    ((1..=6).contains(&level) && separated).then(|| (level, readable(text.trim().trim_end_matches('#').trim_end())))
}

fn is_ruler(content: &str) -> bool {
    let bare = content.replace(' ', "");
    let first = bare.chars().next().filter(|mark| "-=*_".contains(*mark));
    first.is_some_and(|mark| bare.len() > 2 && bare.chars().all(|c| c == mark))
}

fn item(content: &str) -> Option<(String, &str)> {
    let (marker, text) = content.split_once([' ', '\t'])?;
    let number = marker.strip_suffix(['.', ')']);
    let numbered =
        number.is_some_and(|digits| (1..10).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
    let text = text.trim_start();
    let text = ["[ ] ", "[x] ", "[X] "].iter().find_map(|task| text.strip_prefix(task)).unwrap_or(text);
    match marker {
        "-" | "*" | "+" => Some(("-".to_owned(), text)),
        _ => numbered.then(|| (format!("{}.", number.unwrap_or_default()), text)),
    }
}

/// HTML on a line of its own, link definitions, and the labels of quoted notes.
fn is_only_markup(content: &str) -> bool {
    let definition = content.starts_with('[') && content.split_once("]:").is_some_and(|(name, _)| !name.contains(' '));
    content.starts_with('<') && content.ends_with('>') || definition || content.starts_with("[!")
}

#[cfg(test)]
mod tests;
