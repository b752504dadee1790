//! The service's own statements, as it was compiled with them, for pgbench.

use std::{fmt, fs, path::Path};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::data::Size;

/// What makes a statement speak for a user.
const SETTING: &str = "SELECT set_config('colloquy.user_id', $1, true)::uuid AS user_id";

/// A statement that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statement {
    List,
    Conversation,
    Page,
    Append,
}

impl Statement {
    /// Words that no other statement has together.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::List => &["FROM history.conversation", "(pinned, updated_at, conversation_id) <"],
            Self::Conversation => {
                &["FROM history.conversation\n", "AND conversation_id = $2\n            LIMIT 1\n        ) c"]
            }
            Self::Page => &["RECURSIVE", "sibling_index"],
            Self::Append => &["history.append_message"],
        }
    }

    /// Arguments after those of the user.
    fn arguments(self) -> &'static str {
        match self {
            Self::List => {
                "false, true, '9999-12-31', 'ffffffff-ffff-ffff-ffff-ffffffffffff', NULL, NULL, NULL, NULL, NULL, NULL, 21, NULL"
            }
            Self::Conversation => CONVERSATION,
            Self::Page => "('00000000-0000-7000-9000-' || lpad(:c::text, 12, '0'))::uuid, NULL, 10, 2097152",
            Self::Append => {
                "('00000000-0000-7000-9000-' || lpad(:c::text, 12, '0'))::uuid, gen_random_uuid(), NULL, false, NULL, 'user', \
                 'What does it say?', 0, '{}', 'What does it say?', 'What does it say?', \
                 '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'"
            }
        }
    }

    /// A script that prepares the statement once and executes it for users at random.
    pub(super) fn script(self, size: Size) -> anyhow::Result<String> {
        Ok(self.script_of(size, &self.text()?))
    }

    /// The same without the setting, for a role that row-level security does not bind.
    pub(super) fn script_without_isolation(self, size: Size) -> anyhow::Result<String> {
        let text = self.text()?;
        ensure!(text.contains(SETTING), "{self} does not set the user");
        Ok(self.script_of(size, &text.replace(SETTING, "SELECT $1::text::uuid AS user_id")))
    }

    fn script_of(self, size: Size, text: &str) -> String {
        let (first, last, others) = (size.of_first_user() + 1, size.conversations, size.users - 1);
        let choose = format!("\\set c random({first}, {last})\n\\set u 2 + :c % {others}\n");
        let prepare = format!("\\if :ready = 0\nPREPARE measured AS {text};\n\\set ready 1\n\\endif\n");
        let arguments = self.arguments();
        let execute = format!("EXECUTE measured ({USER}, {arguments});\n");
        choose + &prepare + &execute
    }

    fn text(self) -> anyhow::Result<String> {
        #[derive(Deserialize)]
        struct Cached {
            query: String,
        }

        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.sqlx");
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let cached: Cached = serde_json::from_slice(&fs::read(entry?.path())?)?;
            if self.words().iter().all(|words| cached.query.contains(words)) {
                found.push(cached.query);
            }
        }
        ensure!(found.len() == 1, "{} statements of the service look like {self}", found.len());
        Ok(found.remove(0))
    }
}

const USER: &str = "('00000000-0000-7000-8000-' || lpad(:u::text, 12, '0'))";
const CONVERSATION: &str = "('00000000-0000-7000-9000-' || lpad(:c::text, 12, '0'))::uuid";

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "a list of 20",
            Self::Conversation => "one conversation",
            Self::Page => "the newest page",
            Self::Append => "an append",
        })
    }
}
