//! Issuers of which one address says everything.

use url::Url;

use super::{IssuerConfig, KeySource, is_safe_url};
use crate::config::Options;

/// The issuers that the flags name. Problems name the variable.
pub(super) fn issuers(options: &Options, problems: &mut Vec<String>) -> Vec<IssuerConfig> {
    let mut hosted = |name: &str, variable: &str, base: &Url, jwks: &str| {
        if base.query().is_some() || base.fragment().is_some() || !base.username().is_empty() || !base.has_host() {
            problems.push(format!("{variable} must be a plain URL of a server, with no user, query or fragment"));
            return None;
        }
        if !is_safe_url(base) {
            problems.push(format!("{variable} must be https; plain http is accepted on this machine only"));
            return None;
        }
        let below = |path: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
            url
        };
        // Better Auth makes `iss` and `aud` from the origin of its base URL, whatever the path.
        let origin = base.origin().ascii_serialization();
        let config = IssuerConfig::new(name, &origin, vec![origin.clone()], KeySource::Url(below(jwks)));
        Some(IssuerConfig { session_url: Some(below("/get-session")), ..config })
    };
    let better_auth = options.better_auth_url.as_ref();
    let better_auth = better_auth.and_then(|base| hosted("better-auth", "BETTER_AUTH_URL", base, "/jwks"));
    let neon_auth = options.neon_auth_url.as_ref();
    let neon_auth = neon_auth.and_then(|base| hosted("neon-auth", "NEON_AUTH_URL", base, "/.well-known/jwks.json"));
    let oidc = options.oidc_issuer.as_ref().map(|issuer| {
        let audience = options.oidc_audience.iter().map(|audience| audience.trim().to_owned());
        IssuerConfig::new("oidc", issuer, audience.collect(), KeySource::Discovery)
    });
    [better_auth, neon_auth, oidc].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::tests::options;

    fn preset(flag: &str, value: &str) -> (String, String) {
        let options = options([flag, value]);
        let mut problems = Vec::new();
        let config = issuers(&options, &mut problems).pop().unwrap();
        assert_eq!((problems, &config.audience), (vec![], &vec![config.issuer.clone()]));
        let KeySource::Url(url) = config.keys else { panic!("{:?}", config.keys) };
        (config.issuer, url.to_string())
    }

    #[test]
    fn issuer_and_audience_are_the_origin_and_keys_lie_below_the_url() {
        for (flag, value, issuer, keys) in [
            (
                "--better-auth-url",
                "https://app.example.com/api/auth",
                "https://app.example.com",
                "https://app.example.com/api/auth/jwks",
            ),
            (
                "--better-auth-url",
                "http://localhost:3000/api/auth/",
                "http://localhost:3000",
                "http://localhost:3000/api/auth/jwks",
            ),
            (
                "--better-auth-url",
                "https://APP.example.com:443",
                "https://app.example.com",
                "https://app.example.com/jwks",
            ),
            (
                "--neon-auth-url",
                "https://ep-x.neonauth.eu-central-1.aws.neon.tech/neondb/auth",
                "https://ep-x.neonauth.eu-central-1.aws.neon.tech",
                "https://ep-x.neonauth.eu-central-1.aws.neon.tech/neondb/auth/.well-known/jwks.json",
            ),
        ] {
            assert_eq!(preset(flag, value), (issuer.to_owned(), keys.to_owned()));
        }
    }
}
