//! What a request shows for itself: a bearer token, or the session cookie of a browser.

use http::{HeaderMap, Method, StatusCode, header, request::Parts, uri::Authority};
use kit::{
    caller::bearer_token,
    error::{Error, RefusalKind},
};
use proto::reason;
use tonic::Status;
use url::Url;

use crate::{
    config::{CorsOrigins, Options, SessionCookie},
    problem::{self, Problem, Refused},
};

/// Which credentials count.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// The names of the session cookie; the first that is there counts.
    cookies: Vec<String>,
    origins: CorsOrigins,
}

impl Credentials {
    pub(crate) fn new(options: &Options) -> Self {
        let cookies = match &options.session_cookie {
            SessionCookie::Off => Vec::new(),
            SessionCookie::Named(name) => vec![format!("__Secure-{name}"), name.clone()],
        };
        Self { cookies, origins: options.cors_origins.clone() }
    }

    /// The one credential of a request. An `Authorization` header decides alone, good or bad.
    pub(super) fn of<'a>(&self, parts: &'a Parts) -> Result<&'a str, Refused> {
        if !parts.headers.contains_key(header::AUTHORIZATION)
            && let Some(session) = self.session(&parts.headers)?
        {
            // A browser adds the cookie to whatever any page makes it send; what changes something must be meant.
            let is_safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
            if !is_safe && !self.is_meant(parts) {
                let detail = "the session cookie counts only for requests of our own pages; send the token as `Bearer` \
                              instead, or have the origin listed";
                return Err(Problem::new(StatusCode::FORBIDDEN, reason::ORIGIN_REFUSED.to_ascii_lowercase(), detail));
            }
            return Ok(session);
        }
        bearer_token(&parts.headers).map_err(|status| problem::from_status(&status))
    }

    fn session<'a>(&self, headers: &'a HeaderMap) -> Result<Option<&'a str>, Refused> {
        for name in &self.cookies {
            let mut values = cookies(headers).filter(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value);
            let Some(value) = values.next() else { continue };
            let text = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
            let Some(text) = text.filter(|_| values.all(|other| other == value)) else {
                let message = "the session cookie stands there twice, or has no form that we know";
                let refusal = Error::refused(RefusalKind::Unauthenticated, reason::TOKEN_MALFORMED, message);
                return Err(problem::from_status(&Status::from(refusal)));
            };
            return Ok(Some(text));
        }
        Ok(None)
    }

    /// Whether the browser says that the request was made by a page of ours, or one that was let in by name.
    fn is_meant(&self, parts: &Parts) -> bool {
        let mut origins = parts.headers.get_all(header::ORIGIN).iter();
        let (origin, another) = (origins.next(), origins.next());
        if another.is_some() {
            return false;
        }
        if let (Some(origin), CorsOrigins::These(listed)) = (origin, &self.origins)
            && listed.contains(origin)
        {
            return true;
        }
        // Where the browser judges itself, its word counts: it knows the scheme, which `Host` does not tell.
        match parts.headers.get("sec-fetch-site") {
            Some(site) => site == "same-origin" || site == "none",
            None => origin.and_then(|origin| origin.to_str().ok()).is_some_and(|origin| is_host(origin, parts)),
        }
    }
}

/// Names and values of all cookies that came and are not empty.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(|pair| {
        let pair = pair.trim_ascii();
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (&pair[..equals], &pair[equals + 1..]);
        (!value.is_empty()).then_some((name, value))
    })
}

/// Whether an `Origin` names the host and port that the request was sent to.
fn is_host(origin: &str, parts: &Parts) -> bool {
    let named = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let Some(host) = parts.uri.authority().cloned().or(named) else { return false };
    let Ok(url) = Url::parse(origin) else { return false };
    let own = Url::parse(&format!("{}://{host}", url.scheme()));
    url.origin().ascii_serialization() == origin && own.is_ok_and(|own| own.origin() == url.origin())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(Request::post(uri), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn what_a_page_of_ours_sends_is_meant() {
        let listed = "https://app.test".parse::<CorsOrigins>().unwrap();
        let any = "*".parse::<CorsOrigins>().unwrap();
        let host = ("host", "chat.test");
        for (origins, uri, headers, meant) in [
            (&listed, "/", vec![host], false),
            (&listed, "/", vec![host, ("sec-fetch-site", "same-origin")], true),
            (&listed, "/", vec![host, ("sec-fetch-site", "none")], true),
            (&listed, "/", vec![host, ("sec-fetch-site", "same-site")], false),
            (&listed, "/", vec![host, ("sec-fetch-site", "cross-site"), ("origin", "http://chat.test")], false),
            (&listed, "/", vec![host, ("sec-fetch-site", "cross-site"), ("origin", "https://app.test")], true),
            (&listed, "/", vec![host, ("origin", "https://app.test")], true),
            (&listed, "/", vec![host, ("origin", "https://chat.test")], true),
            (&listed, "/", vec![("host", "CHAT.test:443"), ("origin", "https://chat.test")], true),
            (&listed, "/", vec![("host", "chat.test:8080"), ("origin", "http://chat.test:8080")], true),
            (&listed, "/", vec![("host", "chat.test:8080"), ("origin", "http://chat.test")], false),
            (&listed, "https://chat.test/", vec![("origin", "https://chat.test")], true),
            (&listed, "/", vec![host, ("origin", "https://chat.test.evil.test")], false),
            (&listed, "/", vec![host, ("origin", "https://evil.test")], false),
            (&listed, "/", vec![host, ("origin", "https://chat.test/")], false),
            (&listed, "/", vec![host, ("origin", "null")], false),
            (&listed, "/", vec![("origin", "https://chat.test")], false),
            (&listed, "/", vec![host, ("origin", "https://app.test"), ("origin", "https://evil.test")], false),
            (&any, "/", vec![host, ("origin", "https://evil.test")], false),
        ] {
            let credentials = Credentials { cookies: Vec::new(), origins: origins.clone() };
            assert_eq!(credentials.is_meant(&parts(uri, &headers)), meant, "{uri} {headers:?}");
        }
    }

    #[test]
    fn the_secure_cookie_comes_first_and_nothing_may_contradict_it() {
        let cookies = vec!["__Secure-s".to_owned(), "s".to_owned()];
        let credentials = Credentials { cookies, origins: CorsOrigins::None };
        for (lines, session) in [
            (vec![], Ok(None)),
            (vec!["s=a%2Bb.c%3D"], Ok(Some("a%2Bb.c%3D"))),
            (vec!["theme=dark; s=a==;x=y"], Ok(Some("a=="))),
            (vec!["s=a; __Secure-s=b"], Ok(Some("b"))),
            (vec!["theme=dark", "s=a"], Ok(Some("a"))),
            (vec!["s=a", "s=a"], Ok(Some("a"))),
            (vec!["s=a; s=b"], Err(())),
            (vec!["s=a; s=b; __Secure-s=c"], Ok(Some("c"))),
            (vec!["s=; __Secure-s="], Ok(None)),
            (vec!["name=é; s=a"], Ok(Some("a"))),
            (vec!["s=é"], Err(())),
            (vec!["s=a b"], Err(())),
            (vec!["xs=a; S=b; s"], Ok(None)),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| ("cookie", *line)).collect();
            let parts = parts("/", &headers);
            assert_eq!(credentials.session(&parts.headers).map_err(drop), session, "{lines:?}");
        }
    }
}
