//! Questions of frontends that are asked again or edited, at the real services: an answer or a question more stands beside
//! what is there, and nothing is doubled.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::agent::{Piece, Reply};

use crate::parts::Parts;

/// All questions and answers, by parent: how many there are, and how often each is said.
struct Turns<'p>(&'p Parts);

impl Turns<'_> {
    async fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let answer = self.0.request(0, Method::POST, path).json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn run_over_ag_ui(&self, run_id: &str, message_id: &str, text: &str) {
        let message = json!({"id": message_id, "role": "user", "content": text});
        let body = json!({"threadId": "thread", "runId": run_id, "messages": [message]});
        let (status, told) = self.post("/ag-ui", &body).await;
        assert_eq!(status, 200, "{told}");
        assert!(told.contains("RUN_FINISHED"), "{told}");
    }

    /// The texts of siblings, oldest first, one line for each parent.
    fn stored(&self) -> Vec<String> {
        let siblings = "SELECT string_agg(role || ' ' || content, ', ' ORDER BY message_id) \
                        FROM history.message GROUP BY parent_id ORDER BY min(message_id::text)";
        self.0.rows(siblings).into_iter().map(|mut row| row.remove(0)).collect()
    }

    fn id_of(&self, text: &str) -> String {
        self.0.rows(&format!("SELECT message_id FROM history.message WHERE content = '{text}'")).remove(0).remove(0)
    }

    fn asked(&self) -> usize {
        self.0.agent.received().len()
    }
}

async fn parts() -> Parts {
    let replies = (1..=20).map(|number| Reply::Sse(vec![Piece::delta(&format!("a{number}")), Piece::done()]));
    Parts::start(replies, &[]).await
}

#[tokio::test]
async fn over_ag_ui_a_question_is_known_by_our_id_and_an_edit_is_joined_by_its_run_id() {
    let parts = parts().await;
    let turns = Turns(&parts);
    turns.run_over_ag_ui("r1", "m", "hi").await;
    let ours = turns.id_of("hi");
    turns.run_over_ag_ui("r2", &ours, "hi").await;
    assert_eq!(turns.stored(), ["user hi", "assistant a1, assistant a2"]);
    turns.run_over_ag_ui("r3", &ours, "ho").await;
    assert_eq!(turns.stored(), ["user hi, user ho", "assistant a1, assistant a2", "assistant a3"]);
    for _ in 0..2 {
        turns.run_over_ag_ui("r3", &ours, "ho").await;
        turns.run_over_ag_ui("r4", "m", "hm").await;
    }
    assert_eq!(turns.asked(), 4);
    turns.run_over_ag_ui("r5", "m", "ho").await;
    turns.run_over_ag_ui("r5", "m", "ho").await;
    assert_eq!(turns.asked(), 5);
    let expected =
        ["user hi, user ho, user hm", "assistant a1, assistant a2", "assistant a3, assistant a5", "assistant a4"];
    assert_eq!(turns.stored(), expected);
}

#[tokio::test]
async fn in_a_chat_that_no_run_has_written_messages_are_known_too() {
    let parts = parts().await;
    let turns = Turns(&parts);
    let (status, made) = turns.post("/conversations", &json!({"client_id": "imported"})).await;
    assert_eq!(status, 201, "{made}");
    let made: Value = serde_json::from_str(&made).unwrap();
    let messages = format!("/conversations/{}/messages", made["id"].as_str().unwrap());
    for (role, text) in [("user", "q"), ("assistant", "a")] {
        let (status, appended) = turns.post(&messages, &json!({"role": role, "content": text})).await;
        assert_eq!(status, 201, "{appended}");
    }
    let said = |id: &str, text: &str| json!({"id": id, "role": "user", "parts": [{"type": "text", "text": text}]});
    let question = turns.id_of("q");
    let again = json!({
        "id": "imported", "trigger": "regenerate-message", "messageId": turns.id_of("a"),
        "messages": [said(&question, "q")],
    });
    assert_eq!(turns.post("/api/chat", &again).await.0, 200);
    assert_eq!(turns.stored(), ["user q", "assistant a, assistant a1"]);
    let edit = json!({
        "id": "imported", "trigger": "submit-message", "messageId": question, "messages": [said(&question, "which?")],
    });
    assert_eq!(turns.post("/api/chat", &edit).await.0, 200);
    assert_eq!(turns.stored(), ["user q, user which?", "assistant a, assistant a1", "assistant a2"]);
}

#[tokio::test]
async fn the_same_edit_with_the_same_key_is_one_run() {
    let parts = parts().await;
    let turns = Turns(&parts);
    let said = |text: &str| json!({"id": "m", "role": "user", "parts": [{"type": "text", "text": text}]});
    let first = json!({"id": "chat", "trigger": "submit-message", "messages": [said("hi")]});
    assert_eq!(turns.post("/api/chat", &first).await.0, 200);
    let edit = json!({"id": "chat", "trigger": "submit-message", "messageId": "m", "messages": [said("ho")]});
    let sent = (0..12).map(async |number| {
        let request = parts.request(number % 2, Method::POST, "/api/chat").header("idempotency-key", "one");
        let answer = request.json(&edit).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap().contains(r#""delta":"a2""#))
    });
    assert_eq!(futures_util::future::join_all(sent).await, [(200, true); 12]);
    assert_eq!(turns.asked(), 2);
    assert_eq!(turns.stored(), ["user hi, user ho", "assistant a1", "assistant a2"]);
}
