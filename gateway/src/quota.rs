//! What each user may do in a minute, and how they are told: `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers) on
//! every answer that counted, 429 with `Retry-After` when nothing is left. Each gateway counts for itself.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode};
use kit::{
    bucket::{Buckets, Quota},
    caller::UserId,
};

use crate::problem::{Problem, Refused};

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const WINDOW_SECONDS: u32 = 60;

/// One kind of thing that is counted.
pub(crate) struct Allowance {
    name: &'static str,
    code: &'static str,
    detail: &'static str,
    users: Buckets<UserId>,
}

impl Allowance {
    /// Any request.
    pub(crate) fn of_requests(per_minute: u32) -> Self {
        let (code, detail) = ("too_many_requests", "you asked too often; wait a moment");
        Self { name: "requests", code, detail, users: Buckets::per_minute(per_minute) }
    }

    /// Questions to agents.
    pub(crate) fn of_runs(per_minute: u32) -> Self {
        let (code, detail) = ("too_many_runs", "you put too many questions to agents; wait a moment");
        Self { name: "runs", code, detail, users: Buckets::per_minute(per_minute) }
    }

    /// Counts one, and notes what is left for the answer.
    pub(crate) fn take(&self, user: UserId, told: &Told, now: SystemTime) -> Result<(), Refused> {
        let Some(quota) = self.users.take(user, now) else { return Ok(()) };
        told.note(self.name, quota);
        let Some(wait) = quota.wait else { return Ok(()) };
        metrics::counter!("quota_refusals_total", "quota" => self.name).increment(1);
        Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, self.code, self.detail).retry_after(wait))
    }

    /// The same, given back unless it is [kept](Taken::keep).
    pub(crate) fn hold(self: &Arc<Self>, user: UserId, told: &Told, now: SystemTime) -> Result<Taken, Refused> {
        self.take(user, told, now)?;
        Ok(Taken(Some((Arc::clone(self), user, told.clone()))))
    }
}

/// One that was counted for what may come to nothing: then it is given back.
#[must_use]
pub(crate) struct Taken(Option<(Arc<Allowance>, UserId, Told)>);

impl Taken {
    /// It came to something.
    pub(crate) fn keep(&mut self) {
        self.0 = None;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let Some((allowance, user, told)) = self.0.take() else { return };
        if let Some(quota) = allowance.users.give_back(&user, SystemTime::now()) {
            told.note(allowance.name, quota);
        }
    }
}

/// What was counted for one request. Travels with it; the answer tells of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<(&'static str, Quota)>>>);

impl Told {
    /// The one of this request.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }

    /// The newest word on each kind counts.
    fn note(&self, name: &'static str, quota: Quota) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = quota,
            None => counted.push((name, quota)),
        }
    }

    /// Adds the headers, where anything was counted.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.is_empty() {
            return;
        }
        let list = |item: &dyn Fn(&(&'static str, Quota)) -> String| {
            let items: Vec<_> = counted.iter().map(item).collect();
            HeaderValue::from_str(&items.join(", ")).expect("names and numbers")
        };
        headers.insert(POLICY, list(&|(name, quota)| format!("\"{name}\";q={};w={WINDOW_SECONDS}", quota.limit)));
        let seconds = |quota: &Quota| quota.wait.unwrap_or(quota.full_in).as_secs_f64().ceil();
        headers.insert(LIMIT, list(&|(name, quota)| format!("\"{name}\";r={};t={}", quota.left, seconds(quota))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_and_nothing_left_is_refused() {
        let (requests, runs) = (Allowance::of_requests(2), Allowance::of_runs(1));
        let (user, now) = (UserId(uuid::Uuid::nil()), SystemTime::UNIX_EPOCH);
        let headers = |told: &Told| {
            let mut headers = HeaderMap::new();
            told.tell(&mut headers);
            [POLICY, LIMIT].map(|name| headers.get(name).map(|value| value.to_str().unwrap().to_owned()))
        };
        let told = Told::default();
        requests.take(user, &told, now).unwrap();
        runs.take(user, &told, now).unwrap();
        let expected = [r#""requests";q=2;w=60, "runs";q=1;w=60"#, r#""requests";r=1;t=30, "runs";r=0;t=60"#];
        assert_eq!(headers(&told), expected.map(|text| Some(text.to_owned())));
        let told = Told::default();
        let refused = runs.take(user, &told, now).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (429, "too_many_runs"));
        assert_eq!(headers(&told)[1].as_deref(), Some(r#""runs";r=0;t=60"#));
        let told = Told::default();
        Allowance::of_runs(0).take(user, &told, now).unwrap();
        assert_eq!(headers(&told), [None, None]);
    }
}
