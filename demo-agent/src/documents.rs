//! Where the documents come from: the ones built in, or a folder.

use std::{borrow::Cow, fs, path::Path};

use anyhow::{Context as _, bail};

const EMBEDDED: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// No hand-written document is longer; what is longer is left out.
const LONGEST: u64 = 4 * 1024 * 1024;
const MOST: usize = 10_000;
const DEEPEST: usize = 32;
const NOT_DOCUMENTS: [&str; 2] = ["node_modules", "target"];

/// A Markdown file.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its place relative to the root of the documents, with `/`.
    pub path: String,
    /// What stands in it.
    pub text: Cow<'static, str>,
}

/// The documentation of this project, as it was at build time.
pub(crate) fn embedded() -> Vec<Document> {
    let document = |&(path, text): &(&str, &'static str)| Document { path: path.to_owned(), text: text.into() };
    EMBEDDED.iter().map(document).collect()
}

/// Every Markdown file below a folder, but for hidden ones. Files that are not UTF-8 are read as well as possible.
pub(crate) fn read_folder(root: &Path) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    read_into(root, root, 0, &mut documents)?;
    if documents.is_empty() {
        bail!("there is no Markdown file in {}", root.display());
    }
    Ok(documents)
}

fn read_into(root: &Path, folder: &Path, depth: usize, documents: &mut Vec<Document>) -> anyhow::Result<()> {
    let context = || format!("reading documents from {}", folder.display());
    let mut entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).with_context(context)?;
    // What introduces the rest comes first: a README, then files, then folders.
    let is_readme = |name: &str| name.to_lowercase().starts_with("readme");
    entries.sort_by_key(|entry| {
        (entry.path().is_dir(), !is_readme(&entry.file_name().to_string_lossy()), entry.file_name())
    });
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || NOT_DOCUMENTS.contains(&name.as_str()) {
            continue;
        }
        let path = entry.path();
        // A link to a folder could lead in circles; one to a file is fine.
        if entry.file_type().with_context(context)?.is_dir() {
            if depth < DEEPEST {
                read_into(root, &path, depth + 1, documents)?;
            }
        } else if is_markdown(&path) {
            if documents.len() == MOST {
                bail!("there are more than {MOST} Markdown files in {}", root.display());
            }
            documents.extend(read(root, &path)?);
        }
    }
    Ok(())
}

fn is_markdown(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    path.is_file() && extension.is_some_and(|extension| ["md", "markdown"].contains(&&*extension.to_ascii_lowercase()))
}

fn read(root: &Path, path: &Path) -> anyhow::Result<Option<Document>> {
    let context = || format!("reading {}", path.display());
    let size = fs::metadata(path).with_context(context)?.len();
    if size > LONGEST {
        tracing::warn!(path = %path.display(), size, "left out, too long for a document");
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&fs::read(path).with_context(context)?).into_owned();
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    Ok(Some(Document { path: name, text: text.into() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_in_order_and_without_what_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("b.md", "# B"), ("a.MD", "# A"), ("notes.txt", "no"), (".git/x.md", "no"), ("sub/c.md", "# C")]
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let documents = read_folder(folder.path()).unwrap();
        let found = documents.iter().map(|document| (document.path.as_str(), &*document.text)).collect::<Vec<_>>();
        assert_eq!(found, [("a.MD", "# A"), ("b.md", "# B"), ("sub/c.md", "# C")]);
    }

    #[test]
    fn a_folder_without_documents_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = read_folder(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("there is no Markdown file in "), "{error}");
        assert!(read_folder(&folder.path().join("nowhere")).is_err());
    }
}
