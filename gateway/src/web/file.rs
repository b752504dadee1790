//! One file: its kind, how long it may be kept, and the forms in which it can be sent.

use aws_lc_rs::digest;
use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kit::hex::hex;

/// How the bytes of a file may be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }
}

/// A file in memory.
#[derive(Debug)]
pub(super) struct File {
    kind: HeaderValue,
    keeping: HeaderValue,
    plain: Form,
    /// The best first.
    packed: Vec<(Encoding, Form)>,
}

/// The bytes as they are sent, and what names them.
#[derive(Debug)]
struct Form {
    bytes: Bytes,
    tag: HeaderValue,
}

impl File {
    /// `path` is that of its address.
    pub(super) fn new(path: &str, bytes: Vec<u8>) -> Self {
        let kind = HeaderValue::from_static(kind(path));
        let keeping = if is_named_by_content(path) { "public, max-age=31536000, immutable" } else { "no-cache" };
        Self { kind, keeping: HeaderValue::from_static(keeping), plain: Form::new(bytes.into()), packed: Vec::new() }
    }

    /// The same in another form.
    pub(super) fn add(&mut self, encoding: Encoding, packed: Self) {
        self.packed.push((encoding, packed.plain));
    }

    /// The form that the client can read, unless it has it.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        let packed = self.packed.iter().find(|(encoding, _)| accepts(headers, encoding.name()));
        let (encoding, form) = packed.map_or((None, &self.plain), |(encoding, form)| (Some(encoding.name()), form));
        let known = has(headers, &form.tag);
        let body = if known { Body::empty() } else { form.bytes.clone().into() };
        let mut response = Response::new(body);
        let told = response.headers_mut();
        told.insert(header::ETAG, form.tag.clone());
        told.insert(header::CACHE_CONTROL, self.keeping.clone());
        if !self.packed.is_empty() {
            told.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            told.insert(header::CONTENT_TYPE, self.kind.clone());
            told.extend(encoding.map(|name| (header::CONTENT_ENCODING, HeaderValue::from_static(name))));
        }
        response
    }
}

impl Form {
    fn new(bytes: Bytes) -> Self {
        let digest = digest::digest(&digest::SHA256, &bytes);
        let tag = format!("\"{}\"", hex(&digest.as_ref()[..16]));
        Self { bytes, tag: HeaderValue::from_str(&tag).expect("hexadecimal digits") }
    }
}

/// Whether the client names this encoding and does not exclude it.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        named && !parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0)))
    })
}

/// RFC 9110 §13.1.2.
fn has(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known).as_bytes() == tag.as_bytes())
}

/// Whether other content would have another name: what bundlers put below `/assets/`, as `index-B3x_9kQa.js`.
fn is_named_by_content(path: &str) -> bool {
    let Some(name) = path.strip_prefix("/assets/") else { return false };
    let stem = name.split('.').next().unwrap_or_default();
    // A word is none. The few hashes that look like one are asked for again.
    let is_hash = |tail: &str| {
        tail.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && tail.bytes().any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
    };
    // A hash may itself have a dash in it, so that the first one that leaves enough counts.
    stem.match_indices('-').any(|(at, _)| stem.len() - at - 1 == 8 && is_hash(&stem[at + 1..]))
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_change_with_the_content_are_kept() {
        for (path, kept) in [
            ("/assets/index-B3x_9kQa.js", true),
            ("/assets/inter-latin-C-x9_kQa.woff2", true),
            ("/assets/index-B3x_9kQa.js.map", true),
            ("/assets/logo.svg", false),
            ("/assets/logo-darkmode.svg", false),
            ("/index-B3x_9kQa.js", false),
            ("/index.html", false),
        ] {
            assert_eq!(is_named_by_content(path), kept, "{path}");
        }
    }
}
