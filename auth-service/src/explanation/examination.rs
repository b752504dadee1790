//! Takes every step that can be taken, in the verifier's order.

use std::{sync::Arc, time::SystemTime};

use kit::error::Error;
use proto::reason;

use super::{Explanation, facts};
use crate::{
    issuer::{DEFAULT_LEEWAY, Issuer},
    jws::{Claims, Compact, Times},
    session::{self, Credential, Found, SessionToken, Sessions},
    token::{Verified, Verifier, Whom, accepted_algorithm, good_times},
    users::{Sighting, User, Users},
};

const SHAPE: &str = "shape";
const HEADER: &str = "header";
const ISSUER: &str = "issuer";
const ALGORITHM: &str = "algorithm";
const SUBJECT: &str = "subject";
const AUDIENCE: &str = "audience";
const TIME: &str = "time";
const KEY: &str = "key";
const SIGNATURE: &str = "signature";
const SESSION: &str = "session";
const USER: &str = "user";
const REVOCATION: &str = "revocation";

/// What examines a credential: the parts that also verify it.
pub(crate) struct Examination<'a> {
    pub(crate) verifier: &'a Verifier,
    pub(crate) sessions: &'a Sessions,
    pub(crate) users: &'a Users,
    pub(crate) now: SystemTime,
}

impl Examination<'_> {
    /// Nobody is created, and nothing is counted.
    pub(crate) async fn of(&self, token: &str) -> Result<Explanation, Error> {
        let mut told = Explanation::default();
        match Credential::of(token) {
            Ok(Credential::Jwt(token)) => self.jwt(token, &mut told).await?,
            Ok(Credential::Session(token)) => self.session(&token, &mut told).await?,
            Err(refusal) => drop(told.check::<(), _>(SHAPE, Some(Err(refusal)), "")?),
        }
        Ok(told)
    }

    async fn jwt(&self, token: &str, told: &mut Explanation) -> Result<(), Error> {
        let parsed = Compact::parse(token).and_then(|compact| {
            let claims = compact.claims().map(drop);
            claims.map(|()| compact)
        });
        let Some(compact) = told.check(SHAPE, Some(parsed), "a JSON Web Token in its one canonical form")? else {
            return told.skip(&[HEADER, ISSUER, ALGORITHM, SUBJECT, AUDIENCE, TIME, KEY, SIGNATURE, USER, REVOCATION]);
        };
        let claims = compact.claims()?;
        let header = compact.header();
        let words = facts::header(header.as_ref().ok());
        let header = told.compare(HEADER, Some(header), words)?;

        let issuer = self.verifier.issuer_of(&claims);
        let words = facts::issuer(&claims, issuer.as_deref().ok(), &self.verifier.issuers());
        let issuer = told.compare(ISSUER, Some(issuer), words)?;

        let words = facts::algorithm(header.as_ref(), issuer.as_deref());
        let both = header.as_ref().zip(issuer.as_ref());
        told.compare(ALGORITHM, both.map(|(header, issuer)| accepted_algorithm(issuer, header)), words)?;

        let whom =
            told.check(SUBJECT, Some(Whom::of(&claims)), "the token speaks for somebody who can be remembered")?;

        let words = facts::audience(&claims, issuer.as_deref());
        told.compare(AUDIENCE, issuer.as_ref().map(|issuer| claims.check_audience(&issuer.audience)), words)?;

        let leeway = issuer.as_ref().map_or(DEFAULT_LEEWAY, |issuer| issuer.leeway);
        let words = facts::time(claims.times().ok().as_ref(), leeway, self.now);
        let times = told.compare(TIME, Some(good_times(&claims, leeway, self.now)), words)?;
        let said = claims.times().ok();
        told.set_distance(said.map(|times| facts::distance(times.decisive(self.now, leeway), self.now)));

        let key_id = header.as_ref().and_then(|header| header.key_id.as_deref());
        let keys = match &issuer {
            Some(issuer) if header.is_some() => Some(issuer.keys.current(key_id).await).transpose(),
            _ => Ok(None),
        };
        let (keys, unavailable) = keys.map_or_else(|error| (None, Some(error)), |keys| (keys, None));
        let algorithm = header.as_ref().and_then(|header| header.algorithm().ok());
        let words = facts::key(header.as_ref(), issuer.as_deref(), algorithm);
        let fitting = keys.as_ref().zip(algorithm).map(|(keys, algorithm)| Ok(keys.find(key_id, algorithm)?));
        let fitting = told.compare(KEY, unavailable.map(Err).or(fitting), words)?;
        told.check(SIGNATURE, fitting.map(|keys| keys.verify(&compact)), "made with the issuer's key")?;

        let good = issuer.zip(whom).zip(times).filter(|_| told.fault().is_none());
        let user = match good {
            Some(((issuer, whom), times)) => Some(self.user_of_jwt(issuer, whom, &times, &claims).await),
            None => None,
        };
        user_and_revocation(user, told)
    }

    async fn user_of_jwt(
        &self,
        issuer: Arc<Issuer>,
        whom: Whom,
        times: &Times,
        claims: &Claims<'_>,
    ) -> Result<Option<User>, Error> {
        claims.check_ban(self.now)?;
        let verified = Verified::new(issuer, whom, times, claims);
        self.sessions.check_user(&verified).await?;
        self.users.known(&Sighting::of(&verified, self.now)).await
    }

    async fn session(&self, token: &SessionToken, told: &mut Explanation) -> Result<(), Error> {
        told.check(SHAPE, Some(Ok::<_, Error>(())), "an opaque session token")?;
        let issuer = self.verifier.session_issuer();
        let words =
            issuer.as_ref().map_or_else(|_| String::new(), |issuer| format!("sessions are those of `{}`", issuer.name));
        let issuer = told.compare(ISSUER, Some(issuer), words)?;
        let signature = self.sessions.check_signature(token);
        told.check(SIGNATURE, Some(signature), "right, where there is one and BETTER_AUTH_SECRET is known")?;
        let found = match issuer {
            Some(issuer) => Some(self.sessions.find(issuer, token, None, self.now).await),
            None => None,
        };
        let found = told.check(SESSION, found, "it is there and not over")?;
        let found = found.filter(|_| told.fault().is_none());
        let user = match found {
            Some(found) => Some(self.user_of_session(&found).await),
            None => None,
        };
        user_and_revocation(user, told)
    }

    async fn user_of_session(&self, found: &Found) -> Result<Option<User>, Error> {
        let verified = session::admit(found, self.now)?;
        self.users.known(&Sighting::of(&verified, self.now)).await
    }
}

/// Both come from one look at the user.
fn user_and_revocation(looked: Option<Result<Option<User>, Error>>, told: &mut Explanation) -> Result<(), Error> {
    let is_revocation =
        |error: &Error| matches!(error, Error::Refused(refusal) if refusal.reason == reason::TOKEN_REVOKED);
    let (user, revocation) = match looked {
        None => (None, None),
        Some(Ok(user)) => (Some(Ok(user)), Some(Ok(()))),
        Some(Err(error)) if is_revocation(&error) => (Some(Ok(None)), Some(Err(error))),
        Some(Err(error)) => (Some(Err(error)), None),
    };
    told.check(USER, user, "neither banned nor erased")?;
    told.check(REVOCATION, revocation, "nothing that was revoked covers it")?;
    Ok(())
}
