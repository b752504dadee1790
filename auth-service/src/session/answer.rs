//! What `get-session` answers.

use anyhow::ensure;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::Live;
use crate::{
    jws::is_subject,
    users::{Said, Statement},
};

#[derive(Deserialize)]
struct Answer {
    session: Session,
    user: User,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: Id,
    token: String,
    user_id: Id,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: Id,
    email: Option<Value>,
    name: Option<Value>,
    image: Option<Value>,
    banned: Option<bool>,
    ban_expires: Option<DateTime<Utc>>,
}

/// Text, or the number of a table that counts.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(i64),
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

/// The session that was asked for, or that there is none. Anything else is no answer.
pub(super) fn read(json: &[u8], raw: &str, now: DateTime<Utc>) -> anyhow::Result<Option<Live>> {
    let answer: Option<Answer> = serde_json::from_slice(json).map_err(|error| {
        // The parser's own message may quote the answer.
        anyhow::anyhow!("the answer is no session, at line {} column {}", error.line(), error.column())
    })?;
    let Some(Answer { session, user }) = answer else { return Ok(None) };
    ensure!(session.token == raw, "the answer is about another session; is there a cache in between?");
    ensure!(session.user_id == user.id, "the session and the user of the answer do not belong together");
    let subject = user.id.into_text();
    ensure!(is_subject(&subject), "the user's id is empty or too long");
    let said = |value| match value {
        Some(Value::String(text)) => Said::Text(text),
        Some(_) => Said::Nothing,
        None => Said::Absent,
    };
    let banned = user.banned.unwrap_or(false) && user.ban_expires.is_none_or(|end| end > now);
    let live = Live {
        subject,
        statement: Statement { email: said(user.email), name: said(user.name), image: said(user.image) }.tidy(),
        session_id: session.id.into_text(),
        created_at: session.created_at,
        expires_at: session.expires_at,
        banned,
    };
    Ok((live.expires_at > now).then_some(live))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RAW: &str = "NPOLpCGvJqzWTCPdWRhLNLKBmzPfGJuI";

    fn answer() -> Value {
        json!({
            "session": {"id": "s1", "token": RAW, "userId": "u1", "createdAt": "2026-11-21T09:00:00.000Z",
                "expiresAt": "2026-11-28T09:00:00.000Z", "ipAddress": "", "userAgent": ""},
            "user": {"id": "u1", "email": "ada@example.com", "name": "Ada", "image": null, "emailVerified": false},
        })
    }

    fn read_at(answer: &Value, now: &str) -> anyhow::Result<Option<Live>> {
        read(answer.to_string().as_bytes(), RAW, now.parse().unwrap())
    }

    fn with(pointer: &str, value: Value) -> Value {
        let mut answer = answer();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        answer.pointer_mut(parent).unwrap()[name] = value;
        answer
    }

    const NOW: &str = "2026-11-21T10:00:00Z";

    #[test]
    fn a_session_lives_until_it_expires() {
        let live = read_at(&answer(), NOW).unwrap().unwrap();
        assert_eq!((live.subject.as_str(), live.session_id.as_str(), live.banned), ("u1", "s1", false));
        assert_eq!(live.statement.email.text(), Some("ada@example.com"));
        assert!(read_at(&answer(), "2026-11-28T09:00:00Z").unwrap().is_none());
        assert!(read_at(&Value::Null, NOW).unwrap().is_none());
    }

    #[test]
    fn a_ban_holds_until_it_ends() {
        let banned = with("/user/banned", json!(true));
        assert!(read_at(&banned, NOW).unwrap().unwrap().banned);
        for (end, expected) in [("2026-11-21T10:00:01Z", true), ("2026-11-21T09:59:59Z", false)] {
            let mut banned = banned.clone();
            banned["user"]["banExpires"] = json!(end);
            assert_eq!(read_at(&banned, NOW).unwrap().unwrap().banned, expected, "{end}");
        }
        assert!(!read_at(&with("/user/banned", Value::Null), NOW).unwrap().unwrap().banned);
    }

    #[test]
    fn numbers_are_ids_too() {
        let mut answer = with("/session/userId", json!(7));
        answer["user"]["id"] = json!(7);
        assert_eq!(read_at(&answer, NOW).unwrap().unwrap().subject, "7");
    }

    #[test]
    fn what_is_about_somebody_else_or_no_session_is_no_answer() {
        for (case, answer) in [
            ("another session", with("/session/token", json!("anotherTokenOfTheSameLength00000"))),
            ("another user", with("/user/id", json!("u2"))),
            ("no user", with("/user/id", json!(""))),
            ("an error", json!({"message": "no", "code": "NO"})),
            ("a list", json!([])),
            ("a word", json!("null")),
            ("no end", with("/session/expiresAt", Value::Null)),
        ] {
            let error = read_at(&answer, NOW).err().unwrap_or_else(|| panic!("{case}"));
            assert!(!format!("{error:#}").contains("example.com"), "{case} is quoted: {error:#}");
        }
        assert!(read(b"<html>", RAW, Utc::now()).is_err());
        assert!(read(b"", RAW, Utc::now()).is_err());
    }
}
