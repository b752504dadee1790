//! From text to the terms it is found by: lower case, stems, and identifiers both whole and in parts.

mod stem;
mod stop_words;

pub(crate) use self::stem::stem;

/// A word as it stands in a text, and what it is found by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    /// As written.
    pub(crate) text: &'a str,
    /// The stem of a plain word, the lower case of a compound one.
    pub(crate) term: String,
    /// The stems in a compound word, as `agent` and `url` in `AGENT_URL`. Empty for a plain one.
    pub(crate) parts: Vec<String>,
}

impl Word<'_> {
    /// Whether it is written like a name: `AGENT_URL`, `x-act-as`, `Kubernetes`.
    pub(crate) fn looks_like_a_name(&self) -> bool {
        !self.parts.is_empty() || self.text.chars().any(|c| c.is_uppercase() || c.is_numeric())
    }
}

/// The words of a text, without those that say nothing.
pub(crate) fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    slices(text).filter_map(|text| {
        let plain = text.strip_suffix("'s").or_else(|| text.strip_suffix("’s")).unwrap_or(text);
        let lower = plain.to_lowercase().replace(['\'', '’'], "");
        if stop_words::contains(&lower) || lower.chars().nth(1).is_none() && !lower.chars().all(is_unspaced) {
            return None;
        }
        let parts = parts(plain);
        let term = if parts.is_empty() { stem(&lower) } else { lower };
        Some(Word { text, term, parts })
    })
}

/// Every term of a text, in order.
pub(crate) fn terms(text: &str) -> impl Iterator<Item = String> {
    words(text).flat_map(|word| std::iter::once(word.term).chain(word.parts))
}

/// Runs of letters and digits, with what joins identifiers, paths and versions where it stands between them.
fn slices(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(is_inner)?;
        let mut end = start;
        let mut characters = rest[start..].char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let joins = "-./:'’".contains(character) && characters.peek().is_some_and(|&(_, next)| is_inner(next));
            if !is_inner(character) && !joins {
                break;
            }
            end = start + at + character.len_utf8();
        }
        let slice = &rest[start..end];
        rest = &rest[end..];
        Some(slice.trim_matches('_'))
    })
    .filter(|slice| !slice.is_empty())
}

fn is_inner(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Scripts that put no spaces between words are found by pairs of characters.
fn is_unspaced(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
}

fn parts(word: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for run in word.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’') {
        if run.chars().any(is_unspaced) {
            let characters = run.chars().collect::<Vec<_>>();
            parts.extend(characters.windows(2).map(|pair| pair.iter().collect::<String>()));
        } else {
            parts.extend(camel_humps(run).filter(|hump| hump.len() > 1).map(str::to_lowercase));
        }
    }
    if parts.len() == 1 && parts[0] == word.to_lowercase() {
        return Vec::new();
    }
    parts.retain(|part| !stop_words::contains(part));
    parts.iter().map(|part| stem(part)).collect()
}

fn camel_humps(run: &str) -> impl Iterator<Item = &str> {
    let mut rest = run;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        // `useChat` has humps, `FastAPI` is one name.
        let hump = |characters: &[(usize, char)]| match characters {
            [(_, a), (at, b), (_, c)] if a.is_lowercase() && b.is_uppercase() && c.is_lowercase() => Some(*at),
            _ => None,
        };
        let characters = rest.char_indices().collect::<Vec<_>>();
        let end = characters.windows(3).find_map(hump).unwrap_or(rest.len());
        let (hump, after) = rest.split_at(end);
        rest = after;
        Some(hump)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        terms(text).collect()
    }

    #[test]
    fn words_are_stemmed_and_small_words_dropped() {
        assert_eq!(found("The gateways crashed, and what happens then?"), ["gatewai", "crash"]);
        assert_eq!(found("A user's token; don't retry."), ["user", "token", "retri"]);
    }

    #[test]
    fn identifiers_are_found_whole_and_in_parts() {
        assert_eq!(found("Set AGENT_URL."), ["set", "agent_url", "agent", "url"]);
        assert_eq!(found("`x-act-as: <id>`"), ["x-act-as", "act", "id"]);
        assert_eq!(found("useChat()"), ["usechat", "chat"]);
        assert_eq!(found("POST /agents/run."), ["post", "agents/run", "agent", "run"]);
        assert_eq!(found("__init__ on 127.0.0.1:8090"), ["init", "127.0.0.1:8090", "127", "8090"]);
    }

    #[test]
    fn scripts_without_spaces_are_found_by_pairs() {
        assert_eq!(found("会話の履歴"), ["会話の履歴", "会話", "話の", "の履", "履歴"]);
        assert_eq!(found("Привет, мир"), ["привет", "мир"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_terms(text in "\\PC*") {
            for term in terms(&text) {
                assert!(!term.is_empty());
            }
        }
    }
}
