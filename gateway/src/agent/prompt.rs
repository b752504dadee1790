//! What an agent reads: the conversation as far as it goes, its own instructions first.

use proto::history::v1::Role;

use super::{Agent, Question};

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn<'a> {
    pub(super) role: &'static str,
    pub(super) content: &'a str,
}

/// All messages, in Colloquy's own words.
pub(super) fn turns<'a>(agent: &'a Agent, question: &'a Question) -> Vec<Turn<'a>> {
    let instructions = agent.config.system_prompt.as_deref().map(|content| Turn { role: "system", content });
    let context = question.context.iter().map(|message| {
        let role = match message.role() {
            Role::User | Role::Unspecified => "user",
            Role::Assistant => "assistant",
            Role::System => "system",
            Role::Tool => "tool",
        };
        Turn { role, content: &message.content }
    });
    instructions.into_iter().chain(context).collect()
}

/// The same for protocols that know no empty message, and whose tool messages need the call that they answer. The question
/// is always the last.
pub(super) fn plain_turns<'a>(agent: &'a Agent, question: &'a Question) -> Vec<Turn<'a>> {
    let asked = Turn { role: "user", content: &question.input };
    let turns = turns(agent, question).into_iter().filter(|turn| !turn.content.is_empty());
    let mut turns: Vec<_> =
        turns.map(|turn| if turn.role == "tool" { Turn { role: "assistant", ..turn } } else { turn }).collect();
    if turns.last() != Some(&asked) {
        turns.push(asked);
    }
    turns
}
