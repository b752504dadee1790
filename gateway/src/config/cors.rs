//! The origins whose pages may call the gateway.

use std::str::FromStr;

use http::HeaderValue;
use url::Url;

/// `CORS_ORIGINS`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Closed: only pages of the gateway's own origin.
    #[default]
    None,
    /// Any page, with a bearer token; cookies count for none of them.
    Any,
    /// Exactly these, with cookies where browsers send them.
    These(Vec<HeaderValue>),
}

/// An origin that no browser would send.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no origin; write scheme, host and port only, as https://app.example.com")]
pub struct OriginError(String);

impl FromStr for CorsOrigins {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entries: Vec<&str> = text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        match entries.as_slice() {
            [] => Ok(Self::None),
            ["*"] => Ok(Self::Any),
            entries => entries.iter().map(|entry| origin(entry)).collect::<Result<_, _>>().map(Self::These),
        }
    }
}

fn origin(text: &str) -> Result<HeaderValue, OriginError> {
    let refused = || OriginError(text.to_owned());
    let url = Url::parse(text).map_err(|_| refused())?;
    let origin = url.origin();
    if !origin.is_tuple() || origin.ascii_serialization() != text {
        return Err(refused());
    }
    HeaderValue::from_str(text).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact() {
        assert_eq!("".parse::<CorsOrigins>().unwrap(), CorsOrigins::None);
        assert_eq!("*".parse::<CorsOrigins>().unwrap(), CorsOrigins::Any);
        let two = "https://app.example.com, http://localhost:5173".parse::<CorsOrigins>().unwrap();
        assert!(matches!(two, CorsOrigins::These(origins) if origins.len() == 2));
        for wrong in ["app.example.com", "https://app.example.com/", "https://app.example.com/x", "null", "a,*"] {
            assert!(wrong.parse::<CorsOrigins>().is_err(), "{wrong}");
        }
    }
}
