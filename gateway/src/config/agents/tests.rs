//! What a file of agents may say, and what is said about one that is wrong.

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    agents: AgentOptions,
}

fn parse(text: &str) -> Result<Vec<AgentConfig>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let defaults = Cli::parse_from(["gateway", "--agent-retries=1", "--agent-breaker-pause=1m"]).agents;
    let agents = file.resolve(&defaults).map_err(|error| error.to_string())?;
    check(&agents).map_err(|error| error.to_string())?;
    Ok(agents)
}

#[test]
fn a_file_lists_agents() {
    let agents = parse(
        r#"
        [[agent]]
        name = "docs"
        url = "http://127.0.0.1:8000/run"

        [[agent]]
        name = "b"
        protocol = "openai-chat"
        url = "https://b.example/v1"
        model = "m"
        system_prompt = "Be kind."
        connect_timeout = "1s"
        first_byte_timeout = "2s"
        idle_timeout = "3s"
        run_timeout = "1h 30m"
        max_concurrent = 4
        retries = 0
        breaker_failures = 3
        breaker_pause = "500ms"
        "#,
    )
    .unwrap();
    let names: Vec<_> = agents.iter().map(|agent| (agent.name.as_str(), agent.protocol.name())).collect();
    assert_eq!(names, [("docs", "native"), ("b", "openai-chat")]);
    let [docs, b] = &agents[..] else { panic!("{agents:?}") };
    assert_eq!((docs.retries, docs.breaker_pause, docs.idle_timeout), (1, Duration::from_mins(1), None));
    assert_eq!((docs.max_concurrent, docs.breaker_failures, &docs.system_prompt), (0, 5, &None));
    assert_eq!((b.model.as_deref(), b.system_prompt.as_deref()), (Some("m"), Some("Be kind.")));
    assert_eq!((b.connect_timeout, b.first_byte_timeout), (Some(Duration::from_secs(1)), Some(Duration::from_secs(2))));
    assert_eq!((b.idle_timeout, b.run_timeout), (Some(Duration::from_secs(3)), Some(Duration::from_mins(90))));
    assert_eq!((b.max_concurrent, b.retries, b.breaker_failures), (4, 0, 3));
    assert_eq!(b.breaker_pause, Duration::from_millis(500));
}

#[test]
fn the_protocols_go_by_these_names() {
    for name in ["native", "openai-chat", "ai-sdk", "ag-ui"] {
        let text = format!("[[agent]]\nname='a'\nurl='http://a/'\nmodel='m'\nprotocol='{name}'");
        assert_eq!(parse(&text).unwrap()[0].protocol.name(), name);
        let flags = Cli::parse_from(["gateway", "--agent-protocol", name]).agents;
        assert_eq!(flags.protocol.name(), name);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let agent = |more: &str| format!("[[agent]]\nname='a'\nurl='http://a/'\n{more}");
    for (text, problem) in [
        ("[[agent]]\nname='a b'\nurl='http://a/'".to_owned(), "agent name `a b` must have 1 to 100 characters"),
        ("[[agent]]\nname='a'\nurl='file:///a'".to_owned(), "the URL of agent `a` must begin with http"),
        (agent("key='x'"), "unknown field `key`"),
        (agent("protocol='x'"), "unknown variant `x`, expected one of `native`, `openai-chat`, `ai-sdk`, `ag-ui`"),
        (agent("api_key_env='COLLOQUY_NO_SUCH'"), "agent `a` takes its key from"),
        (agent(&agent("")), "agent `a` stands there twice"),
        (agent("protocol='openai-chat'"), "`model` of agent `a` must be set: chat completions need one"),
        (
            agent("idle_timeout='0s'"),
            "`idle_timeout` of agent `a` must be a time greater than zero, as \"30s\" or \"5m\"",
        ),
        (agent("run_timeout='soon'"), "`run_timeout` of agent `a` must be a time"),
        (agent("breaker_pause=''"), "`breaker_pause` of agent `a` must be a time"),
        (agent("breaker_pause='101years'"), "`breaker_pause` of agent `a` must be at most 100 years"),
        (agent("connect_timeout='101years'"), "`connect_timeout` of agent `a` must be at most 100 years"),
        (agent("first_byte_timeout='101years'"), "`first_byte_timeout` of agent `a` must be at most 100 years"),
        (agent("idle_timeout='101years'"), "`idle_timeout` of agent `a` must be at most 100 years"),
        (agent("run_timeout='18446744073709551615s'"), "`run_timeout` of agent `a` must be at most 100 years"),
        (agent("retries=11"), "`retries` of agent `a` must be at most 10"),
        (agent("retries=-1"), "invalid value: integer `-1`"),
        (agent("connect_timeout=5"), "invalid type: integer `5`, expected a string"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.starts_with(problem), "{error}");
    }
}
