//! The web app: its files, read once at the start, and its one page, which is at every address that is nobody else's.

use std::{
    collections::HashMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

mod file;

use self::file::{Encoding, File};

/// Far more than an app; a directory that was named by mistake has more.
const LARGEST: u64 = 128 * 1024 * 1024;
/// Beside a file, what it is when compressed.
const COMPRESSED: [(&str, Encoding); 2] = [("br", Encoding::Brotli), ("gz", Encoding::Gzip)];
/// Nothing is loaded from elsewhere, no script or style stands in the page, and nobody else frames it.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'self'";
/// Where addresses belong to the API, known or not.
const NEVER_PAGES: [&str; 3] = ["/api/", "/v1/", "/assets/"];

/// What is served besides the API. A request only ever names a file: its path leads nowhere in the file system.
#[derive(Debug)]
pub(crate) struct Web {
    files: HashMap<String, File>,
}

impl Web {
    /// Reads all files below `root`.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut found = Vec::new();
        let mut size = 0;
        collect(root, "", &mut found, &mut size).with_context(|| format!("reading WEB_ROOT, {}", root.display()))?;
        let mut files = HashMap::new();
        for (path, place) in &found {
            files.insert(path.clone(), File::new(path, fs::read(place)?));
        }
        for (ending, encoding) in COMPRESSED {
            let suffix = format!(".{ending}");
            for (path, _) in &found {
                let plain = path.strip_suffix(&suffix).filter(|plain| files.contains_key(*plain)).map(str::to_owned);
                if let Some(plain) = plain
                    && let Some(compressed) = files.remove(path)
                    && let Some(file) = files.get_mut(&plain)
                {
                    file.add(encoding, compressed);
                }
            }
        }
        if !files.contains_key(PAGE) {
            bail!("WEB_ROOT has no index.html: {}", root.display());
        }
        Ok(Self { files })
    }

    /// The file at this path; else the page, for whoever wants to see one.
    pub(crate) fn answer(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        // The page has addresses of its own, and no second one.
        if let Some(file) = self.files.get(path).filter(|_| path != PAGE) {
            return Some(file.answer(headers));
        }
        let is_page = wants_page(headers) && !NEVER_PAGES.iter().any(|prefix| path.starts_with(prefix));
        is_page.then(|| page(self.files[PAGE].answer(headers)))
    }
}

const PAGE: &str = "/index.html";

/// Browsers name HTML when somebody goes to an address, and neither for scripts and pictures nor for `fetch`.
fn wants_page(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|kind| kind.split(';').next().unwrap_or_default().trim() == "text/html")
}

fn page(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Addresses may hold what only their reader should know.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// Files below `folder`, with the paths of their addresses. Hidden ones are no pages, and links are not followed.
fn collect(folder: &Path, prefix: &str, found: &mut Vec<(String, PathBuf)>, size: &mut u64) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let Some(name) = OsStr::to_str(&name).filter(|name| !name.starts_with('.')) else { continue };
        let path = format!("{prefix}/{name}");
        if kind.is_dir() {
            collect(&entry.path(), &path, found, size)?;
        } else if kind.is_file() {
            *size += entry.metadata()?.len();
            if *size > LARGEST {
                bail!("there are more than {} MiB in it", LARGEST / 1024 / 1024);
            }
            found.push((path, entry.path()));
        }
    }
    Ok(())
}
