//! Why a credential is accepted or refused, check by check.
//!
//! The checks are the verifier's own steps in its own order, so that the first one that fails is what `VerifyToken`
//! answers; only the words are made here. They tell what is configured and what does not fit it, never the credential,
//! its subject, or what else it says about a person.

use std::borrow::Cow;

use chrono::TimeDelta;
use kit::error::Error;

mod advice;
mod examination;
mod facts;

pub(crate) use self::examination::Examination;

/// Every check of a credential, in order.
#[derive(Default)]
pub(crate) struct Explanation {
    pub(crate) checks: Vec<Check>,
}

/// One check.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) detail: String,
    /// From our clock to the moment that decides; negative when that is past.
    pub(crate) distance: Option<TimeDelta>,
}

/// What became of a check.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Passed,
    /// With the reason that `VerifyToken` would answer.
    Failed(&'static str),
    Skipped,
}

impl Explanation {
    /// The first check that failed, and its reason.
    pub(crate) fn fault(&self) -> Option<(&'static str, &Check)> {
        self.checks.iter().find_map(|check| match check.outcome {
            Outcome::Failed(reason) => Some((reason, check)),
            Outcome::Passed | Outcome::Skipped => None,
        })
    }

    /// What is wrong, and what to do about it.
    pub(crate) fn summary(&self) -> String {
        match self.fault() {
            None => "VerifyToken accepts this credential now.".to_owned(),
            Some((reason, check)) => {
                let mut sentence = check.detail.clone();
                if let Some(first) = sentence.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                format!("{sentence}. {}", advice::on(reason))
            }
        }
    }

    /// Notes what came of a step, and passes on what it found. No step at all is one that could not be taken.
    fn check<T, E: Into<Error>>(
        &mut self,
        name: &'static str,
        step: Option<Result<T, E>>,
        good: &'static str,
    ) -> Result<Option<T>, Error> {
        self.note(name, step, |fault| fault.map_or_else(|| good.to_owned(), Cow::into_owned))
    }

    /// The same, with facts that matter however it ends.
    fn compare<T, E: Into<Error>>(
        &mut self,
        name: &'static str,
        step: Option<Result<T, E>>,
        facts: String,
    ) -> Result<Option<T>, Error> {
        self.note(name, step, |fault| match fault {
            Some(fault) if facts.is_empty() => fault.into_owned(),
            Some(fault) => format!("{fault}: {facts}"),
            None => facts,
        })
    }

    fn note<T, E: Into<Error>>(
        &mut self,
        name: &'static str,
        step: Option<Result<T, E>>,
        words: impl FnOnce(Option<Cow<'static, str>>) -> String,
    ) -> Result<Option<T>, Error> {
        let (outcome, detail, found) = match step {
            None => (Outcome::Skipped, "not checked: it needs a check that failed".to_owned(), None),
            Some(Ok(found)) => (Outcome::Passed, words(None), Some(found)),
            Some(Err(error)) => {
                let (reason, message) = fault(error.into())?;
                (Outcome::Failed(reason), words(Some(message)), None)
            }
        };
        self.checks.push(Check { name, outcome, detail, distance: None });
        Ok(found)
    }

    /// Adds to the last check how far the moment is that decides.
    fn set_distance(&mut self, distance: Option<TimeDelta>) {
        if let Some(check) = self.checks.last_mut() {
            check.distance = distance;
        }
    }

    /// Notes checks that could not be made.
    fn skip(&mut self, names: &[&'static str]) -> Result<(), Error> {
        names.iter().try_for_each(|name| self.check(name, None::<Result<(), Error>>, "").map(drop))
    }
}

/// What `VerifyToken` would answer; the error itself when that is nothing a caller may know.
fn fault(error: Error) -> Result<(&'static str, Cow<'static, str>), Error> {
    match error {
        Error::Refused(refusal) => Ok((refusal.reason, refusal.message)),
        Error::Unavailable { reason, message, .. } => Ok((reason, message.into())),
        other => Err(other),
    }
}
