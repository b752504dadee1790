//! Embeds the project's own documentation, so that the agent needs no files at run time.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// Relative to the root of the workspace; each must be there. A folder stands for every Markdown file in it.
const DOCUMENTATION: [&str; 5] =
    ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "migrations/README.md"];

#[expect(clippy::disallowed_methods, reason = "how cargo talks to a build script")]
fn main() -> std::io::Result<()> {
    let variable = |name| std::env::var(name).map_err(std::io::Error::other);
    let root = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("..").canonicalize()?;
    let mut files = Vec::new();
    for entry in DOCUMENTATION {
        collect(&root.join(entry), &mut files)?;
    }

    let mut code = String::from("[\n");
    for file in files {
        let name = file.strip_prefix(&root).map_err(std::io::Error::other)?.to_string_lossy().replace('\\', "/");
        let file = file.to_string_lossy();
        writeln!(code, "    ({name:?}, include_str!({file:?})),").map_err(std::io::Error::other)?;
    }
    code.push_str("]\n");
    std::fs::write(PathBuf::from(variable("OUT_DIR")?).join("embedded.rs"), code)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        println!("cargo:rerun-if-changed={}", path.display());
        let mut entries =
            std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
        entries.sort();
        entries.iter().try_for_each(|entry| collect(entry, files))?;
    } else if path.extension().is_some_and(|extension| extension == "md") {
        println!("cargo:rerun-if-changed={}", path.display());
        let named = |error: std::io::Error| std::io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        std::fs::metadata(path).map_err(named)?;
        files.push(path.to_owned());
    }
    Ok(())
}
