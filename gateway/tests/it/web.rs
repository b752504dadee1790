//! The pages that are served beside the API.

use std::{fs, os::unix::fs::symlink, path::Path};

use axum::http::header;
use tempfile::TempDir;
use testkit::agent::Reply;

use crate::stack::{Answer, Stack, request, send};

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

fn built() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, content: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    write("index.html", "<!doctype html>the page");
    write("index.html.br", "the page, packed");
    write("favicon.svg", "<svg/>");
    write(".env", "SECRET=1");
    write(".git/config", "secret");
    write("assets/index-B3x_9kQa.js", "script()");
    write("assets/index-B3x_9kQa.js.br", "script, packed");
    write("assets/index-B3x_9kQa.js.gz", "script, zipped");
    symlink("/etc/passwd", root.path().join("passwd.txt")).unwrap();
    root
}

async fn stack(root: &Path) -> Stack {
    Stack::with(Reply::Silence, &[&format!("--web-root={}", root.display())]).await
}

async fn get(stack: &Stack, path: &str, headers: &[(header::HeaderName, &str)]) -> Answer {
    let mut request = request("", "GET", path, None);
    for (name, value) in headers {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    send(stack.gateway.router(), request).await
}

#[tokio::test]
async fn a_page_is_at_every_address_that_is_nobody_elses() {
    let root = built();
    let stack = stack(root.path()).await;
    for path in ["/", "/login", "/chat", "/chat/01a1fda8-4ca7-7000-8000-000000000000", "/reset-password?token=x"] {
        let answer = get(&stack, path, &[(header::ACCEPT, HTML)]).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "<!doctype html>the page"), "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!((answer.header("cache-control"), answer.header("x-content-type-options")), ("no-cache", "nosniff"));
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';") && policy.contains("frame-ancestors 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
    }
}

#[tokio::test]
async fn the_api_never_answers_with_a_page() {
    let root = built();
    let stack = stack(root.path()).await;
    for path in ["/api/x", "/api/chat/x/y", "/assets/index-missing0.js"] {
        let answer = get(&stack, path, &[(header::ACCEPT, HTML)]).await;
        assert_eq!(answer.problem(), (404, "route_not_found".to_owned()), "{path}");
    }
    assert_eq!(get(&stack, "/v1/x", &[(header::ACCEPT, HTML)]).await.openai_error().0, 404);
    assert_eq!(get(&stack, "/conversations", &[(header::ACCEPT, HTML)]).await.problem().0, 401);
    assert_eq!(get(&stack, "/api/auth/ok", &[(header::ACCEPT, HTML)]).await.problem().1, "identity_not_configured");
    for accept in ["application/json", "*/*"] {
        assert_eq!(get(&stack, "/chat", &[(header::ACCEPT, accept)]).await.problem().0, 404);
        assert_eq!(get(&stack, "/", &[(header::ACCEPT, accept)]).await.json()["documentation"], "/docs");
    }
    let mut posted = request("", "POST", "/login", None);
    posted.headers_mut().insert(header::ACCEPT, HTML.parse().unwrap());
    assert_eq!(send(stack.gateway.router(), posted).await.problem().0, 404);
    assert!(get(&stack, "/docs", &[(header::ACCEPT, HTML)]).await.text.contains("openapi.json"));
}

#[tokio::test]
async fn files_are_kept_as_long_as_their_names_allow() {
    let root = built();
    let stack = stack(root.path()).await;
    let script = get(&stack, "/assets/index-B3x_9kQa.js", &[]).await;
    assert_eq!((script.text.as_str(), script.header("content-type")), ("script()", "text/javascript; charset=utf-8"));
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    let icon = get(&stack, "/favicon.svg", &[]).await;
    assert_eq!((icon.header("content-type"), icon.header("cache-control")), ("image/svg+xml", "no-cache"));
    let again = get(&stack, "/favicon.svg", &[(header::IF_NONE_MATCH, icon.header("etag"))]).await;
    assert_eq!((again.status.as_u16(), again.text.as_str(), again.header("etag")), (304, "", icon.header("etag")));
    let other = get(&stack, "/favicon.svg", &[(header::IF_NONE_MATCH, "\"another\"")]).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn what_is_packed_goes_packed_to_whoever_can_read_it() {
    let root = built();
    let stack = stack(root.path()).await;
    for (accepted, encoding, text) in [
        ("gzip, deflate, br, zstd", "br", "script, packed"),
        ("gzip", "gzip", "script, zipped"),
        ("br;q=0, gzip;q=0.5", "gzip", "script, zipped"),
        ("identity", "", "script()"),
    ] {
        let answer = get(&stack, "/assets/index-B3x_9kQa.js", &[(header::ACCEPT_ENCODING, accepted)]).await;
        assert_eq!((answer.header("content-encoding"), answer.text.as_str()), (encoding, text), "{accepted}");
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
    // One form is not taken for another.
    let packed = get(&stack, "/", &[(header::ACCEPT, HTML), (header::ACCEPT_ENCODING, "br")]).await;
    assert_eq!((packed.text.as_str(), packed.header("content-encoding")), ("the page, packed", "br"));
    let plain = get(&stack, "/", &[(header::ACCEPT, HTML), (header::IF_NONE_MATCH, packed.header("etag"))]).await;
    assert_eq!(plain.status, 200);
    assert_eq!(get(&stack, "/assets/index-B3x_9kQa.js.br", &[]).await.problem().0, 404);
}

#[tokio::test]
async fn no_path_leads_out_and_nothing_hidden_is_shown() {
    let root = built();
    let stack = stack(root.path()).await;
    for path in [
        "/../outside.txt",
        "/assets/../../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "//etc/passwd",
        "/assets/..%5c..%5coutside.txt",
        "/passwd.txt",
        "/.env",
        "/.git/config",
        "/index.html%00.js",
        "/assets",
        "/assets/",
    ] {
        assert_eq!(get(&stack, path, &[]).await.problem(), (404, "route_not_found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_head_is_told_what_a_get_would_be() {
    let root = built();
    let stack = stack(root.path()).await;
    let mut head = request("", "HEAD", "/login", None);
    head.headers_mut().insert(header::ACCEPT, HTML.parse().unwrap());
    let answer = send(stack.gateway.router(), head).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html; charset=utf-8"));
}
