//! The end of runs.

use futures_util::future::join_all;
use proto::history::v1 as pb;
use tonic::Code;

use crate::world::{World, completed, reason_of};

#[tokio::test]
async fn a_finished_run_is_final_everywhere_at_once() {
    let world = World::new().await;
    let user = world.user();
    let started = user.ask(None, "What is it?").await;
    let (run, before) = (started.run.unwrap(), started.conversation.unwrap());
    let parts = r#"[{"type":"reasoning","text":"hm"}, {"type":"text","text":"It is this."}]"#;
    let finish = pb::FinishRunRequest {
        parts_json: parts.to_owned(),
        sources: vec![
            pb::Source { url: Some("https://example.com".to_owned()), score: Some(0.5), ..Default::default() },
            pb::Source { title: Some("A file".to_owned()), ..pb::Source::default() },
        ],
        usage: Some(pb::Usage { input_tokens: Some(10), output_tokens: Some(3), total_tokens: None }),
        model: Some("small".to_owned()),
        title: Some(" The \n title ".to_owned()),
        ..completed(&run, "It is this.")
    };
    let finished = user.finish_run(finish.clone()).await.unwrap();
    let (ended, message) = (finished.run.clone().unwrap(), finished.message.clone().unwrap());
    let conversation = finished.conversation.clone().unwrap();

    let expected = pb::Run {
        status: pb::RunStatus::Completed.into(),
        usage: finish.usage,
        finished_at: ended.finished_at,
        ..run.clone()
    };
    assert_eq!(ended, expected);
    assert_eq!((message.status(), message.content.as_str()), (pb::MessageStatus::Completed, "It is this."));
    assert_eq!((message.parts_json.as_str(), message.model.as_deref()), (parts, Some("small")));
    assert_eq!((message.usage, message.completed_at), (finish.usage, ended.finished_at));
    let ordinals = message.sources.iter().map(|source| (source.ordinal, source.kind.as_str()));
    assert_eq!(ordinals.collect::<Vec<_>>(), [(1, "url"), (2, "document")]);
    let touched = pb::Conversation {
        title: Some("The title".to_owned()),
        title_source: pb::TitleSource::Agent.into(),
        preview: "It is this.".to_owned(),
        updated_at: ended.finished_at,
        ..before
    };
    assert_eq!(conversation, touched);

    assert_eq!(user.read(&conversation.id).await, touched);
    let stored = user.get_run(pb::GetRunRequest { run_id: run.id.clone(), ..Default::default() }).await.unwrap();
    assert_eq!((stored.run, stored.message), (finished.run.clone(), finished.message.clone()));

    // Repeated, with whatever else in it, it returns what was stored.
    let again = pb::FinishRunRequest { content: "Something else".to_owned(), ..finish.clone() };
    let cancelled = pb::FinishRunRequest { status: pb::RunStatus::Cancelled.into(), ..finish };
    for repeated in [again, cancelled] {
        assert_eq!(user.finish_run(repeated).await.unwrap(), finished);
    }
}

#[tokio::test]
async fn twenty_ends_make_one() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "and?").await.run.unwrap();
    let texts: Vec<_> = (0..20).map(|number| format!("end {number}")).collect();
    let ends = join_all(texts.iter().map(|text| {
        let cited = vec![pb::Source { title: Some(text.clone()), ..pb::Source::default() }];
        user.finish_run(pb::FinishRunRequest { sources: cited, ..completed(&run, text) })
    }));
    let ends: Vec<_> = ends.await.into_iter().map(Result::unwrap).collect();
    assert!(ends.iter().all(|end| *end == ends[0]));
}

#[tokio::test]
async fn every_end_keeps_what_came() {
    let world = World::new().await;
    let user = world.user();
    for (status, message_status) in [
        (pb::RunStatus::Failed, pb::MessageStatus::Failed),
        (pb::RunStatus::Cancelled, pb::MessageStatus::Cancelled),
        (pb::RunStatus::Interrupted, pb::MessageStatus::Interrupted),
    ] {
        let run = user.ask(None, "go on").await.run.unwrap();
        let error = Some(pb::RunError { code: "agent_failed".to_owned(), message: "It broke.".to_owned() });
        let error = error.filter(|_| status == pb::RunStatus::Failed);
        let finish = pb::FinishRunRequest { status: status.into(), error: error.clone(), ..completed(&run, "so f") };
        let finished = user.finish_run(finish).await.unwrap();
        let (ended, message) = (finished.run.unwrap(), finished.message.unwrap());
        assert_eq!((ended.status(), message.status()), (status, message_status));
        assert_eq!((message.content.as_str(), &message.error, &ended.error), ("so f", &error, &error));
        user.ask(Some(&run.conversation_id), "and now?").await;
    }
}

#[tokio::test]
async fn another_fence_is_refused() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "mine?").await.run.unwrap();
    for fence in [0, 2, -1, i64::MAX] {
        let refused = user.finish_run(pb::FinishRunRequest { fence, ..completed(&run, "no") }).await.unwrap_err();
        assert_eq!((refused.code(), reason_of(&refused).as_str()), (Code::FailedPrecondition, "RUN_FENCED"));
    }
    user.end(&run, "yes").await;
    let refused = user.finish_run(pb::FinishRunRequest { fence: 2, ..completed(&run, "no") }).await.unwrap_err();
    assert_eq!(reason_of(&refused), "RUN_FENCED");
}

#[tokio::test]
async fn an_answer_is_the_preview_only_while_it_is_the_newest() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "a long task").await.run.unwrap();
    user.say(&run.conversation_id, "meanwhile", None).await;
    let conversation = user.end(&run, "finally").await.conversation.unwrap();
    assert_eq!((conversation.preview.as_str(), conversation.message_count), ("meanwhile", 3));

    let silent = user.ask(None, "say nothing").await.run.unwrap();
    assert_eq!(user.end(&silent, "").await.conversation.unwrap().preview, "say nothing");
}

#[tokio::test]
async fn a_nul_of_an_agent_does_not_lose_its_answer() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "binary?").await.run.unwrap();
    let finish = pb::FinishRunRequest {
        status: pb::RunStatus::Failed.into(),
        error: Some(pb::RunError { code: "x\0".to_owned(), message: "\0".to_owned() }),
        sources: vec![pb::Source { title: Some("t\0".to_owned()), ..pb::Source::default() }],
        parts_json: "[{\"type\":\"text\",\"text\":\"a\0b\"}]".to_owned(),
        model: Some("m\0".to_owned()),
        title: Some("t\0t".to_owned()),
        ..completed(&run, "a\0b")
    };
    let finished = user.finish_run(finish).await.unwrap();
    let message = finished.message.unwrap();
    assert_eq!(message.content, "a\u{fffd}b");
    assert_eq!(message.parts_json, "[{\"type\":\"text\",\"text\":\"a\u{fffd}b\"}]");
    assert_eq!(message.sources[0].title.as_deref(), Some("t\u{fffd}"));
    assert_eq!(message.error.unwrap().message, "\u{fffd}");
    assert_eq!(finished.conversation.unwrap().title.as_deref(), Some("t\u{fffd}t"));
}

#[tokio::test]
async fn whatever_an_agent_cites_comes_back_byte_for_byte() {
    let world = World::new().await;
    let user = world.user();
    let run = user.ask(None, "sources?").await.run.unwrap();
    let (open, close) = ("[".repeat(900), "]".repeat(900));
    let mut sources = vec![pb::Source { kind: "document".to_owned(), ..pb::Source::default() }; 299];
    sources.push(pb::Source {
        kind: "url".to_owned(),
        title: Some("t".repeat(10_000)),
        url: Some(format!("https://example.com/{}", "é".repeat(50_000))),
        snippet: Some("s".repeat(300_000)),
        content_hash: Some("h".repeat(1_000)),
        metadata_json: format!("{{ \"deep\":{open}{close}, \"long\":\"{}\" }}", "x".repeat(20 * 1024)),
        ..pb::Source::default()
    });
    let finish = pb::FinishRunRequest { sources: sources.clone(), ..completed(&run, "Many.") };
    let message = user.finish_run(finish).await.unwrap().message.unwrap();
    assert_eq!(message.status(), pb::MessageStatus::Completed);
    let read = user
        .get_message(pb::GetMessageRequest { message_id: message.id.clone(), ..Default::default() })
        .await
        .unwrap()
        .message;
    assert_eq!(read.as_ref(), Some(&message));
    let list = pb::ListSourcesRequest { message_id: message.id.clone() };
    assert_eq!(user.list_sources(list).await.unwrap().sources, message.sources);
    for ((ordinal, given), stored) in (1..).zip(sources).zip(message.sources) {
        let metadata_json = if given.metadata_json.is_empty() { "{}".to_owned() } else { given.metadata_json.clone() };
        assert_eq!(stored, pb::Source { id: stored.id.clone(), ordinal, metadata_json, ..given });
    }
}
