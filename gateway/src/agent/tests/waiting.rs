//! How long an agent is waited for, and when it is asked again.

use http::StatusCode;
use testkit::agent::{FakeAgent, Piece, Reply};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;

fn greeting() -> Reply {
    Reply::Sse(vec![Piece::delta("Hi"), Piece::done()])
}

#[tokio::test]
async fn one_that_cannot_have_begun_is_asked_again() {
    let busy = [Reply::Later(StatusCode::SERVICE_UNAVAILABLE, 0), Reply::Later(StatusCode::TOO_MANY_REQUESTS, 0)];
    let fake = FakeAgent::scripted(busy.into_iter().chain([greeting()])).await;
    assert_eq!(ask(&agent(&fake.url(), &[]), "Hello").await, (texts(&["Hi"]), Ok(())));
    assert_eq!(fake.received().len(), 3);
}

#[tokio::test]
async fn one_that_may_have_begun_is_not() {
    let raw = |status| Reply::Raw(status, "text/plain", String::new());
    for (reply, flag, code) in [
        (raw(StatusCode::SERVICE_UNAVAILABLE), "--agent-retries=2", "agent_error"),
        (raw(StatusCode::BAD_GATEWAY), "--agent-retries=2", "agent_error"),
        (Reply::Later(StatusCode::INTERNAL_SERVER_ERROR, 0), "--agent-retries=2", "agent_error"),
        (Reply::Later(StatusCode::TOO_MANY_REQUESTS, 0), "--agent-retries=0", "agent_error"),
        (Reply::Later(StatusCode::TOO_MANY_REQUESTS, 120), "--agent-first-byte-timeout=1m", "agent_error"),
        (Reply::Later(StatusCode::TOO_MANY_REQUESTS, u64::MAX), "--agent-retries=2", "agent_error"),
        (Reply::Sse(vec![Piece::Cut]), "--agent-retries=2", "agent_cut"),
    ] {
        let fake = FakeAgent::scripted([reply, greeting()]).await;
        let (_, ended) = ask(&agent(&fake.url(), &[flag]), "Hello").await;
        assert!(ended.as_ref().unwrap_err().starts_with(code), "{ended:?}");
        assert_eq!(fake.received().len(), 1);
    }
}

#[tokio::test]
async fn a_handshake_that_fails_sent_nothing_and_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let agent = agent(&url, &["--agent-retries=1"]);
    let hang_up = async { (drop(listener.accept().await), drop(listener.accept().await)) };
    let (answered, _) = tokio::join!(ask(&agent, "Hello"), hang_up);
    assert_eq!(answered.1.unwrap_err(), "agent_unreachable: the agent `default` cannot be reached");
}

#[tokio::test]
async fn what_comes_compressed_though_nobody_asked_is_refused_in_these_words() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    for (coding, ended) in [
        (
            "gzip",
            Err("agent_bad_response: the agent's answer is compressed (`gzip`), which nobody asked for".to_owned()),
        ),
        ("identity", Ok(())),
    ] {
        let agent = agent(&url, &[]);
        let answering = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(b"}") {
                connection.read_buf(&mut seen).await.unwrap();
            }
            assert!(!String::from_utf8_lossy(&seen).to_lowercase().contains("accept-encoding"));
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\n");
            let answer = format!("{head}content-length: 4\r\nconnection: close\r\n\r\n\"Hi\"");
            connection.write_all(answer.as_bytes()).await.unwrap();
        };
        let (answered, ()) = tokio::join!(ask(&agent, "Hello"), answering);
        assert_eq!(answered.1, ended);
    }
}

#[tokio::test]
async fn headers_are_not_the_first_byte() {
    let fake = FakeAgent::always(Reply::Sse(vec![Piece::Hang])).await;
    let idle = "--agent-idle-timeout=10ms";
    for idle in [idle, "--agent-idle-timeout=1m"] {
        let (_, ended) = ask(&agent(&fake.url(), &[idle, "--agent-first-byte-timeout=500ms"]), "Hello").await;
        assert_eq!(ended, timed_out("the agent did not begin to answer in time"));
    }
    let fake = FakeAgent::always(Reply::Sse(vec![Piece::Bytes(": thinking\n\n".to_owned()), Piece::Hang])).await;
    let (_, ended) = ask(&agent(&fake.url(), &[idle]), "Hello").await;
    assert_eq!(ended, timed_out("the agent was silent for too long in the middle"));
}

#[tokio::test]
async fn a_whole_answer_has_its_time() {
    let fake = FakeAgent::always(Reply::Sse(vec![Piece::delta("Hi"), Piece::Endless(": on\n\n".to_owned())])).await;
    let agent = agent(&fake.url(), &["--agent-run-timeout=1s"]);
    let answered = ask(&agent, "Hello").await;
    assert_eq!(answered, (texts(&["Hi"]), timed_out("the agent took too long for the whole answer")));
    fake.abandoned().await;
}

/// Waits for two minutes by the clock of the tests whenever it is asked whether more may be read.
struct Slow(Heard);

impl Sink for Slow {
    fn emit(&mut self, event: Event) -> Result<(), AgentError> {
        self.0.emit(event)
    }

    fn ready(&mut self) -> Option<BoxFuture<'_, ()>> {
        Some(Box::pin(async {
            tokio::time::pause();
            tokio::time::advance(Duration::from_mins(2)).await;
            tokio::time::resume();
        }))
    }
}

#[tokio::test]
async fn what_waits_for_us_is_no_silence_of_the_agent() {
    let fake = FakeAgent::always(greeting()).await;
    let agent =
        agent(&fake.url(), &["--agent-idle-timeout=1m", "--agent-first-byte-timeout=1h", "--agent-run-timeout=1d"]);
    let mut sink = Slow(Heard::default());
    agent.answer(Box::new(question("Hello")), &mut sink).await.unwrap();
    assert_eq!(sink.0.0, texts(&["Hi"]));
}

#[tokio::test]
async fn whoever_said_that_it_is_done_need_not_hang_up() {
    let data = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n";
    let flags = ["--agent-protocol=openai-chat", "--agent-model=m", "--agent-idle-timeout=300ms"];
    for end in [Piece::Hang, Piece::Cut] {
        let fake = FakeAgent::always(Reply::Sse(vec![Piece::Bytes(data.to_owned()), end])).await;
        let (heard, ended) = ask(&agent(&fake.url(), &flags), "Hello").await;
        assert_eq!((text(&heard).as_str(), ended), ("Hi", Ok(())));
    }
}

#[tokio::test]
async fn a_line_of_a_megabyte_is_read_and_an_event_of_ten_is_not() {
    let said = "x".repeat(1_000_000);
    let fake = FakeAgent::always(Reply::Sse(vec![Piece::delta(&said), Piece::done()])).await;
    let (heard, ended) = ask(&agent(&fake.url(), &[]), "Hello").await;
    assert_eq!((text(&heard).len(), ended), (1_000_000, Ok(())));
    let large = Piece::Bytes(format!("event: delta\n{}\n", format!("data: {said}\n").repeat(10)));
    let fake = FakeAgent::always(Reply::Sse(vec![large, Piece::done()])).await;
    let (_, ended) = ask(&agent(&fake.url(), &[]), "Hello").await;
    assert!(ended.as_ref().unwrap_err().starts_with("agent_answer_too_large: "), "{ended:?}");
}

#[tokio::test]
async fn an_agent_has_settings_of_its_own() {
    let fake = FakeAgent::always(Reply::Silence).await;
    let Cli { agents, limits } = Cli::parse_from(["gateway", "--agent-url", &fake.url()]);
    let mut configs = agents.load().unwrap();
    configs[0].first_byte_timeout = Some(Duration::from_millis(50));
    configs[0].run_timeout = Some(Duration::from_secs(7));
    let agent = Agents::new(configs, &limits).unwrap().choose(None).unwrap();
    assert_eq!(agent.run_timeout(), Duration::from_secs(7));
    assert_eq!(ask(&agent, "Hello").await.1, timed_out("the agent did not begin to answer in time"));
}
