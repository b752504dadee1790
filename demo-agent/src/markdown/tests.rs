use super::*;

fn kinds(document: &str) -> Vec<String> {
    let show = |(line, block): (usize, Block)| match block {
        Block::Heading { level, text } => format!("{line} h{level} {text}"),
        Block::Prose(text) => format!("{line} p {text}"),
        Block::Item { marker, text } => format!("{line} {marker} {text}"),
        Block::Code { language, text } => format!("{line} code({language}) {text}"),
    };
    blocks(document).into_iter().map(show).collect()
}

#[test]
fn a_document_becomes_blocks_with_lines() {
    let document = "---\ntitle: x\n---\n# One #\nFirst line\nsecond line.\n\n- an item\n  goes on\n- [x] next\n\n1. first\n\nTwo\n---\n> [!NOTE]\n> Quoted.\n";
    insta::assert_debug_snapshot!(kinds(document), @r#"
    [
        "4 h1 One",
        "5 p First line second line.",
        "8 - an item goes on",
        "10 - next",
        "12 1. first",
        "14 h2 Two",
        "17 p Quoted.",
    ]
    "#);
}

#[test]
fn code_is_kept_as_it_stands() {
    let document = "- run:\n  ```bash\n  # no heading\n    deeper\n\n  | no table |\n  ```\n\n~~~\n```\n~~~\n\n    indented\n    code\n";
    insta::assert_debug_snapshot!(kinds(document), @r##"
    [
        "1 - run:",
        "2 code(bash) # no heading\n  deeper\n\n| no table |",
        "9 code() ```",
        "13 code() indented\ncode",
    ]
    "##);
}

#[test]
fn an_unfinished_fence_ends_with_the_document() {
    assert_eq!(kinds("```\nhalf"), ["1 code() half"]);
}

#[test]
fn rows_of_a_table_become_sentences() {
    let document =
        "| flag | what | default |\n|---|---|---|\n| `--a` | first \\| other | 1 |\n| Plain | second | |\nafter";
    assert_eq!(kinds(document), ["3 - `--a`: first | other; default: 1", "4 - **Plain**: second", "5 p after"]);
}

#[test]
fn markup_without_words_is_left_out() {
    assert_eq!(kinds("<p align=center>\n<!-- a\ncomment -->\n[ref]: https://example.org\n***\ntext"), ["6 p text"]);
}

proptest::proptest! {
    #[test]
    fn any_text_has_blocks_in_order(text in "[#>`~|=\\-*+ a-zé\\n\\[\\]:.0-9<!]{0,200}") {
        let lines = blocks(&text).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
        assert!(lines.is_sorted());
    }
}
