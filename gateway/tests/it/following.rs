//! Runs that are joined, resumed, stopped and kept while they go on, here and at another gateway.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use gateway::Gateway;
use proto::{
    history::v1::{RunStatus, run_event::Event},
    limit,
};
use serde_json::{Value, json};
use testkit::agent::{FakeAgent, Gate, Piece, Reply};

use crate::{
    fake::FakeHistory,
    stack::{Answer, KEY, Stack, events, gateway_of, greeting, request, send, text},
};

/// An agent that says `a`, waits, and says `b`.
fn halting() -> (Gate, Reply) {
    let gate = Gate::new();
    let reply = Reply::Sse(vec![Piece::delta("a"), Piece::Wait(gate.clone()), Piece::delta("b"), Piece::done()]);
    (gate, reply)
}

/// A run is saved by its end alone.
const NEVER_TICKS: [&str; 2] = ["--gateway-tick=1m", "--gateway-run-lease=1h"];

fn elsewhere(stack: &Stack) -> Gateway {
    gateway_of(&stack.history, &[&format!("--agent-url={}", stack.agent.url())], KEY)
}

async fn follow(gateway: &Gateway, token: &str, run_id: &str, last: Option<&str>) -> Answer {
    let mut request = request(token, "GET", &format!("/runs/{run_id}/events"), None);
    if let Some(last) = last {
        request.headers_mut().insert("last-event-id", last.parse().unwrap());
    }
    send(gateway.router(), request).await
}

async fn cancel(gateway: &Gateway, token: &str, run_id: &str) -> Answer {
    send(gateway.router(), request(token, "POST", &format!("/runs/{run_id}/cancel"), None)).await
}

/// The id of the only run, once it is there.
async fn running(stack: &Stack) -> String {
    stack.agent.asked(1).await;
    stack.history.tables().runs.keys().next().unwrap().clone()
}

/// Waits until the history has this text of a run that goes on.
async fn kept(stack: &Stack, run_id: &str, text: &str) {
    let mut changes = stack.history.0.story.subscribe();
    let has = || {
        let tables = stack.history.tables();
        let said = tables.said.get(run_id).into_iter().flatten();
        let texts = said.filter_map(|event| match &event.event {
            Some(Event::Text(text)) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<String>() == text
    };
    changes.wait_for(|_| has()).await.unwrap();
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn every_reader_sees_the_same_on_every_gateway() {
    let (gate, reply) = halting();
    let stack = Stack::with(reply, &["--gateway-tick=20ms"]).await;
    let other = elsewhere(&stack);
    let asking = async { text(stack.stream(&json!({"message": "hi"})).await).await };
    let joining = async {
        let run_id = running(&stack).await;
        kept(&stack, &run_id, "a").await;
        let readers = async {
            tokio::join!(
                follow(&stack.gateway, "alice", &run_id, None),
                follow(&other, "alice", &run_id, None),
                follow(&other, "alice", &run_id, None),
            )
        };
        let ((here, there, too), ()) = tokio::join!(readers, async {
            stack.history.happened("WatchRun").await;
            gate.open();
        });
        (here.text, there.text, too.text)
    };
    let (asked, (here, there, too)) = tokio::join!(asking, joining);
    assert_eq!(names(&events(&asked)), ["run", "delta", "delta", "completed"]);
    assert_eq!((&here, &there, &too), (&asked, &asked, &asked));
    assert_eq!(stack.agent.received().len(), 1);
    let watches = stack.history.story().iter().filter(|what| *what == "WatchRun").count();
    assert!(watches <= 2, "one stream serves all readers of a gateway: {watches}");
}

#[tokio::test]
async fn a_large_answer_is_followed_to_its_end() {
    let gate = Gate::new();
    let mut pieces = vec![Piece::delta(&"x".repeat(50_000)); 20];
    pieces.extend([Piece::Wait(gate.clone()), Piece::done()]);
    let stack = Stack::with(Reply::Sse(pieces), &["--gateway-tick=20ms"]).await;
    let other = elsewhere(&stack);
    let asking = async { text(stack.stream(&json!({"message": "hi"})).await).await };
    let joining = async {
        let run_id = running(&stack).await;
        kept(&stack, &run_id, &"x".repeat(1_000_000)).await;
        let (there, ()) = tokio::join!(follow(&other, "alice", &run_id, None), async {
            stack.history.happened("WatchRun").await;
            gate.open();
        });
        there.text
    };
    let (asked, there) = tokio::join!(asking, joining);
    assert_eq!(names(&events(&asked)).last(), Some(&"completed"));
    assert!(there == asked, "the same, from the first event to the last");
}

#[tokio::test]
async fn what_is_said_or_replayed_at_once_cuts_nobody_off() {
    let large = |letter: &str| json!({"text": letter.repeat(300_000)});
    let burst = ["reasoning", "delta"].map(|name| format!("event: {name}\ndata: {}\n\n", large("x"))).concat();
    let sources: Vec<_> =
        (0..100).map(|number| json!({"title": format!("t{number}"), "snippet": "y".repeat(4_000)})).collect();
    for (reply, parts) in [
        (Reply::Sse(vec![Piece::Bytes(burst), Piece::done()]), 2),
        (Reply::Json(json!({"output": "x".repeat(300_000), "sources": sources})), 101),
    ] {
        let stack = Stack::with(reply, &NEVER_TICKS).await;
        let asked = stack.events(&json!({"message": "hi"})).await;
        assert_eq!((names(&asked)[0], names(&asked).last()), ("run", Some(&"completed")));
        let run_id = running(&stack).await;
        // Over before its first tick, it is told again in as few events as can be.
        let replayed = events(&follow(&elsewhere(&stack), "alice", &run_id, None).await.text);
        assert_eq!((replayed.len(), names(&replayed).last()), (parts + 2, Some(&"completed")));
        assert!(replayed.last() == asked.last());
    }
}

#[tokio::test]
async fn a_reader_goes_on_after_the_last_event_that_it_has() {
    let (gate, reply) = halting();
    let stack = Stack::with(reply, &["--gateway-tick=20ms"]).await;
    let asking = async { text(stack.stream(&json!({"message": "hi"})).await).await };
    let (whole, run_id) = tokio::join!(asking, async {
        let run_id = running(&stack).await;
        kept(&stack, &run_id, "a").await;
        gate.open();
        run_id
    });
    let frames: Vec<_> = whole.split_inclusive("\n\n").collect();
    let rest = follow(&stack.gateway, "alice", &run_id, Some(&format!("{run_id}-1"))).await.text;
    assert_eq!(rest, [frames[0], frames[3], frames[4]].concat());
    for (last, status) in [(format!("{run_id}-99"), 200), ("x-1".to_owned(), 400), (format!("{run_id}-x"), 400)] {
        let answer = follow(&stack.gateway, "alice", &run_id, Some(&last)).await;
        assert_eq!(answer.status.as_u16(), status, "{last}");
        if status == 200 {
            assert!(answer.text.starts_with(": keep-alive\n\nevent: completed\n"), "the last word comes in any case");
        }
    }
}

#[tokio::test]
async fn who_has_some_of_an_answer_whose_events_are_gone_gets_nothing_twice() {
    let source = Piece::event("source", &json!({"title": "T"}));
    let reply = Reply::Sse(vec![source, Piece::delta("a"), Piece::delta("b"), Piece::done()]);
    let stack = Stack::with(reply, &NEVER_TICKS).await;
    let whole = text(stack.stream(&json!({"message": "hi"})).await).await;
    let run_id = running(&stack).await;
    let frames: Vec<_> = whole.split_inclusive("\n\n").collect();
    // The text was said in two pieces after its source, and is told in one before it.
    let said = frames[3].replace("-2\n", "-1\n").replace(r#""a""#, r#""ab""#);
    let end = frames[5].replace("-4\n", "-3\n");
    for gateway in [&stack.gateway, &elsewhere(&stack)] {
        let from = async |last: usize| follow(gateway, "alice", &run_id, Some(&format!("{run_id}-{last}"))).await.text;
        let told = from(0).await;
        assert!(told.starts_with(&[frames[0], &said].concat()) && told.ends_with(&end), "{told}");
        assert_eq!(told.matches("\nevent: ").count(), 3);
        for last in 1..=4 {
            assert_eq!(from(last).await, [frames[0], &end].concat(), "{last}");
        }
    }
}

#[tokio::test]
async fn what_is_too_large_to_go_along_with_the_end_goes_before() {
    let gate = Gate::new();
    let large = "x".repeat(6_000_000);
    let last = format!(
        "event: delta\ndata: {}\n\nevent: source\ndata: {{\"title\":\"T\"}}\n\nevent: done\ndata: {{}}\n\n",
        json!(large)
    );
    let pieces = vec![
        Piece::event("reasoning", &json!({"text": "hm"})),
        Piece::delta("a"),
        Piece::Wait(gate.clone()),
        Piece::Bytes(last),
    ];
    let (history, agent) = (FakeHistory::default(), FakeAgent::always(Reply::Sse(pieces)).await);
    history.0.largest.store(limit::REQUEST_BYTES, Ordering::SeqCst);
    let url = format!("--agent-url={}", agent.url());
    let gateway = gateway_of(&history, &[&url, "--gateway-tick=20ms", "--agent-max-answer=8388608"], KEY);
    let stack = Stack { gateway, history, agent };
    let asking = async { stack.events(&json!({"message": "hi"})).await };
    let (events, run_id) = tokio::join!(asking, async {
        let run_id = running(&stack).await;
        kept(&stack, &run_id, "a").await;
        gate.open();
        run_id
    });
    assert_eq!(names(&events).last(), Some(&"completed"));
    let finished = stack.history.finished();
    assert_eq!((finished.status(), finished.sources.len(), &finished.rest), (RunStatus::Completed, 1, &None));
    assert!(finished.content.len() == large.len() + 1 && finished.parts_json.len() > large.len());
    assert_eq!(stack.history.tables().said[&run_id].len(), 4);
}

#[tokio::test]
async fn a_run_is_stopped_from_any_gateway_and_what_was_written_stays() {
    for from_elsewhere in [false, true] {
        let (_gate, reply) = halting();
        let stack = Stack::with(reply, &["--gateway-tick=20ms"]).await;
        let other = elsewhere(&stack);
        let asking = async { stack.events(&json!({"message": "hi"})).await };
        let stopping = async {
            let run_id = running(&stack).await;
            kept(&stack, &run_id, "a").await;
            cancel(if from_elsewhere { &other } else { &stack.gateway }, "alice", &run_id).await
        };
        let (events, stopped) = tokio::join!(asking, stopping);
        assert_eq!((stopped.status, &stopped.json()["status"]), (StatusCode::OK, &json!("cancelled")));
        assert_eq!(names(&events), ["run", "delta", "cancelled"]);
        let finished = stack.history.finished();
        assert_eq!((finished.status(), finished.content.as_str()), (RunStatus::Cancelled, "a"));
        stack.agent.abandoned().await;
        let again = cancel(&stack.gateway, "alice", stopped.json()["id"].as_str().unwrap()).await;
        assert_eq!(again.json(), stopped.json());
    }
}

#[tokio::test]
async fn nobody_else_follows_or_stops_a_run() {
    let (gate, reply) = halting();
    let stack = Stack::with(reply, &["--gateway-tick=20ms"]).await;
    let other = elsewhere(&stack);
    let asking = async { stack.events(&json!({"message": "hi"})).await };
    let trying = async {
        let run_id = running(&stack).await;
        let unknown = "01970000-0000-7000-8000-00000000dead";
        for gateway in [&stack.gateway, &other] {
            for id in [run_id.as_str(), unknown] {
                let (followed, stopped) = (follow(gateway, "bob", id, None).await, cancel(gateway, "bob", id).await);
                assert_eq!(
                    (followed.problem(), stopped.problem()),
                    ((404, "run_not_found".to_owned()), (404, "run_not_found".to_owned()))
                );
            }
        }
        // Not even where it is followed by its owner already.
        let (_, ()) = tokio::join!(follow(&other, "alice", &run_id, None), async {
            stack.history.happened("WatchRun").await;
            assert_eq!(follow(&other, "bob", &run_id, None).await.problem().0, 404);
            gate.open();
        });
    };
    let (events, ()) = tokio::join!(asking, trying);
    assert_eq!(names(&events).last(), Some(&"completed"));
}

#[tokio::test]
async fn a_run_that_was_taken_away_ends_as_its_new_owner_says() {
    let (_gate, reply) = halting();
    let stack = Stack::with(reply, &["--gateway-tick=20ms", "--gateway-run-lease=1s"]).await;
    let asking = async { stack.events(&json!({"message": "hi"})).await };
    let taking = async {
        let run_id = running(&stack).await;
        kept(&stack, &run_id, "a").await;
        let mut tables = stack.history.tables();
        let (_, run) = tables.runs.get_mut(&run_id).unwrap();
        run.fence += 1;
        run.set_status(RunStatus::Interrupted);
        run.finished_at = Some(crate::fake::NOW);
    };
    let (events, ()) = tokio::join!(asking, taking);
    assert_eq!(names(&events), ["run", "delta", "interrupted"]);
    assert!(stack.history.tables().finished.is_empty());
    stack.agent.abandoned().await;
}

#[tokio::test]
async fn what_is_said_while_the_history_is_away_is_kept_when_it_is_back() {
    let (gate, reply) = halting();
    let stack = Stack::with(reply, &["--gateway-tick=20ms"]).await;
    let asking = async { stack.events(&json!({"message": "hi"})).await };
    let leaving = async {
        let run_id = running(&stack).await;
        stack.history.0.away.store(true, Ordering::SeqCst);
        gate.open();
        stack.history.happened("FinishRun").await;
        stack.history.0.away.store(false, Ordering::SeqCst);
        run_id
    };
    let (events, _) = tokio::join!(asking, leaving);
    assert_eq!(names(&events), ["run", "delta", "delta", "completed"]);
    assert_eq!(stack.history.finished().content, "ab");
}

#[tokio::test]
async fn a_run_that_is_refused_keeps_no_other_from_being_kept() {
    let gate = Gate::new();
    let reply = |text: &str| Reply::Sse(vec![Piece::delta(text), Piece::Wait(gate.clone()), Piece::done()]);
    let replies = ["a", crate::fake::POISON, "b"].map(reply);
    let stack = Stack::scripted(replies, &["--gateway-tick=20ms"]).await;
    let ask = |number: usize| {
        let stack = &stack;
        async move {
            if number > 0 {
                stack.agent.asked(number).await;
            }
            stack.events(&json!({"message": "hi"})).await
        }
    };
    let keeping = async {
        stack.agent.asked(3).await;
        let runs: Vec<_> = stack.history.tables().runs.keys().cloned().collect();
        for (run_id, text) in [(&runs[0], "a"), (&runs[2], "b")] {
            kept(&stack, run_id, text).await;
        }
        stack.agent.abandoned().await;
        gate.open();
        gate.open();
    };
    let (first, refused, last, ()) = tokio::join!(ask(0), ask(1), ask(2), keeping);
    assert_eq!(
        [first, refused, last].map(|told| told.last().unwrap().0.clone()),
        ["completed", "interrupted", "completed"]
    );
}

#[tokio::test]
async fn the_next_question_waits_or_stops_the_one_before_or_is_refused() {
    for (policy, statuses) in [
        (json!(null), vec![409]),
        (json!("reject"), vec![409]),
        (json!("cancel_previous"), vec![200]),
        (json!("enqueue"), vec![200]),
    ] {
        let (gate, reply) = halting();
        let stack = Stack::with(reply, &["--gateway-tick=20ms"]).await;
        let asking = async { stack.events(&json!({"message": "hi"})).await };
        let second = async {
            let run_id = running(&stack).await;
            kept(&stack, &run_id, "a").await;
            let conversation_id = stack.history.tables().runs[&run_id].1.conversation_id.clone();
            let mut body = json!({"message": "and?", "conversation_id": conversation_id});
            if !policy.is_null() {
                body["on_conflict"] = policy.clone();
            }
            if policy == "enqueue" {
                let (answer, ()) = tokio::join!(stack.ask(&body), async {
                    let mut story = stack.history.0.story.subscribe();
                    story.wait_for(|story| story.iter().filter(|what| *what == "StartRun").count() == 2).await.unwrap();
                    gate.open();
                    stack.agent.asked(2).await;
                    gate.open();
                });
                return answer;
            }
            let answer = if policy == "cancel_previous" {
                let (answer, ()) = tokio::join!(stack.ask(&body), async {
                    stack.agent.asked(2).await;
                    gate.open();
                });
                answer
            } else {
                stack.ask(&body).await
            };
            gate.open();
            if answer.status == 409 {
                assert_eq!(
                    (answer.problem().1.as_str(), &answer.json()["run_id"]),
                    ("run_in_progress", &json!(run_id))
                );
            }
            answer
        };
        let (events, second) = tokio::join!(asking, second);
        assert!(statuses.contains(&second.status.as_u16()), "{policy}: {second:?}");
        let last = if policy == "cancel_previous" { "cancelled" } else { "completed" };
        assert_eq!(names(&events).last(), Some(&last), "{policy}");
    }
}

#[tokio::test]
async fn a_question_is_answered_again() {
    let stack = Stack::new(greeting()).await;
    let first = stack.ask(&json!({"message": "hi", "client_id": "mine", "metadata": {"a": 1}})).await.json();
    let (conversation, question) = (&first["run"]["conversation_id"], &first["user_message"]["id"]);
    let body = json!({"conversation_id": conversation, "user_message_id": question});
    let again = stack.ask(&body).await.json();
    assert_eq!(again["user_message"], first["user_message"]);
    assert_ne!(again["message"]["id"], first["message"]["id"]);
    let asked = stack.agent.received();
    assert_eq!((&asked[1].body["input"], &asked[1].body["metadata"]), (&json!("hi"), &json!({"a": 1})));
    for (body, field, code) in [
        (json!({"user_message_id": question}), "conversation_id", "required"),
        (json!({"conversation_id": conversation, "user_message_id": question, "message": "x"}), "message", "invalid"),
        (json!({"message": "x", "on_conflict": "shrug"}), "on_conflict", "invalid"),
    ] {
        assert_eq!(stack.ask(&body).await.violations(), [(field.to_owned(), code.to_owned())]);
    }
}

#[tokio::test]
async fn the_next_question_gets_the_only_place_of_the_one_before() {
    for flag in ["--gateway-max-runs-per-user=1", "--gateway-max-runs=1", "--agent-max-concurrent=1"] {
        for (policy, first_ends) in [("cancel_previous", "cancelled"), ("enqueue", "completed")] {
            let (gate, reply) = halting();
            let stack = Stack::with(reply, &["--gateway-tick=20ms", flag]).await;
            let asking = async { stack.events(&json!({"message": "hi"})).await };
            let second = async {
                let run_id = running(&stack).await;
                kept(&stack, &run_id, "a").await;
                let conversation_id = stack.history.tables().runs[&run_id].1.conversation_id.clone();
                let body = json!({"message": "and?", "conversation_id": conversation_id, "on_conflict": policy});
                let (answer, ()) = tokio::join!(stack.ask(&body), async {
                    stack.history.happened("GetRun").await;
                    if policy == "enqueue" {
                        gate.open();
                    }
                    stack.agent.asked(2).await;
                    gate.open();
                });
                let body = json!({"message": "x", "on_conflict": policy});
                let (elsewhere, ()) = tokio::join!(stack.ask(&body), async {
                    stack.agent.asked(3).await;
                    gate.open();
                });
                (answer, elsewhere)
            };
            let (events, (second, third)) = tokio::join!(asking, second);
            assert_eq!((second.status.as_u16(), third.status.as_u16()), (200, 200), "{flag} {policy}: {second:?}");
            assert_eq!(names(&events).last(), Some(&first_ends), "{flag} {policy}");
        }
    }
}

#[tokio::test]
async fn a_question_that_waits_takes_up_no_place() {
    let (gate, reply) = halting();
    let stack = Stack::scripted([reply, greeting()], &["--agent-max-concurrent=1"]).await;
    let other = elsewhere(&stack);
    let first = request("alice", "POST", "/agents/run", Some(("application/json", r#"{"message":"hi"}"#.to_owned())));
    let waiting = async {
        let run_id = running(&stack).await;
        let conversation_id = stack.history.tables().runs[&run_id].1.conversation_id.clone();
        stack.ask(&json!({"message": "and?", "conversation_id": conversation_id, "on_conflict": "enqueue"})).await
    };
    let others = async {
        stack.history.happened("WatchRun").await;
        let third = stack.ask(&json!({"message": "something else"})).await;
        gate.open();
        third
    };
    let (first, second, third) = tokio::join!(send(other.router(), first), waiting, others);
    assert_eq!([first, second, third].map(|answer| answer.status.as_u16()), [200; 3]);
}

#[tokio::test]
async fn an_event_to_resume_after_may_be_written_in_capitals_or_be_still_to_come() {
    let (gate, reply) = halting();
    let stack = Stack::with(reply, &NEVER_TICKS).await;
    let question = json!({"message": "hi"});
    let asking = stack.ask(&question);
    let resuming = async {
        let run = running(&stack).await;
        let after = |number: usize| format!("{}-{number}", run.to_uppercase());
        let [one, two, beyond] = [after(1), after(2), after(usize::MAX)];
        let opened = async { gate.open() };
        let followed = [one, two, beyond].map(async |last| {
            let answer = follow(&stack.gateway, "alice", &run, Some(&last)).await;
            let frames = answer.text.lines().filter_map(|line| line.strip_prefix("event: "));
            frames.map(str::to_owned).collect::<Vec<_>>()
        });
        tokio::join!(futures_util::future::join_all(followed), opened).0
    };
    let (answer, told) = tokio::join!(asking, resuming);
    assert_eq!(answer.status, 200);
    assert_eq!(told, [vec!["delta", "completed"], vec!["completed"], vec!["completed"]]);
}
