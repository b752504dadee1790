//! Whether questions find what answers them.

use serde_json::{Value, json};

use crate::{ask, ask_with};

fn first_url(answer: &Value) -> &str {
    answer["sources"][0]["url"].as_str().unwrap_or("no source")
}

#[tokio::test]
async fn questions_find_their_section() {
    for (question, section) in [
        ("What is Harbour?", "README.md#harbour"),
        ("How do I start it?", "README.md#quick-start"),
        ("how can i launch everything on my machine", "README.md#quick-start"),
        ("What does HARBOUR_LISTEN mean?", "README.md#configuration"),
        ("what is the x-harbour-tenant header", "README.md#configuration"),
        ("Which address does the web server listen on?", "README.md#configuration"),
        ("How do I connect my own payment provider?", "README.md#payments"),
        ("What happens when a receipt is late?", "README.md#payments"),
        ("What happens if the server crashes?", "operations/incidents.md#when-something-breaks"),
        ("Does a booking survive a crash?", "operations/incidents.md#when-something-breaks"),
        ("databse away?", "operations/incidents.md#when-something-breaks"),
        ("How do I restore a backup?", "operations/incidents.md#backups"),
        ("Are marinas separated from each other?", "operations/incidents.md#isolation-of-marinas"),
        ("Under which licence may I use it?", "README.md#license"),
    ] {
        let answer = ask(question).await;
        assert_eq!(first_url(&answer), section, "{question}\n{answer:#}");
    }
}

#[tokio::test]
async fn an_answer_quotes_what_matters() {
    for (question, quoted) in [
        ("How do I start everything?", "```sh\nharbour up --demo\n```"),
        ("What happens to bookings when the booking server crashes?", "Nothing is booked twice."),
        (
            "Which address does the web server listen on?",
            "`HARBOUR_LISTEN`: the address of the web server; default: `127.0.0.1:7070`",
        ),
        ("How do I restore a backup?", "harbour restore --from latest"),
    ] {
        let answer = ask(question).await;
        let output = answer["output"].as_str().unwrap();
        assert!(output.contains(quoted), "{question}\n{output}");
        assert!(output.contains("[1]"), "{question}\n{output}");
    }
}

#[tokio::test]
async fn what_the_documents_do_not_say_is_not_made_up() {
    for question in ["What is the capital of France?", "Who won the world cup in 1990?", "qwertz asdf"] {
        let answer = ask(question).await;
        let output = answer["output"].as_str().unwrap();
        assert!(output.starts_with("The documents do not say anything about that"), "{question}\n{output}");
        assert_eq!(answer["sources"], json!([]), "{question}");
    }
}

#[tokio::test]
async fn a_name_that_the_documents_do_not_know_is_pointed_out() {
    let answer = ask("Can I restore a backup from last night into Kubernetes?").await;
    let output = answer["output"].as_str().unwrap();
    assert!(output.starts_with("The documents do not mention “Kubernetes”."), "{output}");
    assert_eq!(first_url(&answer), "operations/incidents.md#backups");
}

#[tokio::test]
async fn a_follow_up_is_about_what_was_asked_before() {
    let follow_up = |question: &str| {
        let asked = json!({ "role": "user", "content": "How do I restore a backup?" });
        let answered = json!({ "role": "assistant", "content": "With a command." });
        let now = json!({ "role": "user", "content": question });
        json!({ "input": question, "messages": [asked, answered, now] })
    };
    for question in ["And how long does it take?", "why?"] {
        let answer = ask_with(follow_up(question)).await;
        assert_eq!(first_url(&answer), "operations/incidents.md#backups", "{question}");
        assert_eq!(answer["title"], Value::Null, "the conversation has its title already");
    }
    let answer = ask_with(follow_up("Which payment provider do invoices go to?")).await;
    assert_eq!(first_url(&answer), "README.md#payments", "a new subject leaves the old one");
}

#[tokio::test]
async fn small_talk_is_answered_kindly_and_without_sources() {
    for (input, beginning) in
        [("", "Hello!"), ("  ?", "Hello!"), ("Hi there!", "Hello!"), ("thanks", "You are welcome.")]
    {
        let answer = ask(input).await;
        assert!(answer["output"].as_str().unwrap().starts_with(beginning), "{input}");
        assert_eq!(answer["sources"], json!([]));
    }
}
