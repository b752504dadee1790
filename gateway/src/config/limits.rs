//! How much the gateway takes on, and how long it waits.

use std::time::Duration;

/// Bounds on memory and time.
#[derive(Debug, Clone, clap::Args)]
pub struct Limits {
    /// The largest request body, in bytes
    #[arg(id = "gateway-max-body", long, env = "GATEWAY_MAX_BODY", default_value_t = 1024 * 1024, value_name = "BYTES")]
    pub max_body: usize,

    /// How many requests are answered at a time, streams included; more get 503. 0 = no limit
    #[arg(
        id = "gateway-max-requests",
        long,
        env = "GATEWAY_MAX_REQUESTS",
        default_value_t = 4096,
        value_name = "COUNT"
    )]
    pub max_requests: usize,

    /// How many runs go on at a time; more get 503. 0 = no limit
    #[arg(id = "gateway-max-runs", long, env = "GATEWAY_MAX_RUNS", default_value_t = 1024, value_name = "COUNT")]
    pub max_runs: usize,

    /// How many runs of one user go on at a time; more get 429. 0 = no limit
    #[arg(
        id = "gateway-max-runs-per-user",
        long,
        env = "GATEWAY_MAX_RUNS_PER_USER",
        default_value_t = 16,
        value_name = "COUNT"
    )]
    pub max_runs_per_user: usize,

    /// How many requests each user may send in a minute; more get 429. 0 = no limit
    #[arg(
        id = "gateway-requests-per-minute",
        long,
        env = "GATEWAY_REQUESTS_PER_MINUTE",
        default_value_t = 0,
        value_name = "COUNT"
    )]
    pub requests_per_minute: u32,

    /// How many questions each user may put to agents in a minute; more get 429. 0 = no limit
    #[arg(
        id = "gateway-runs-per-minute",
        long,
        env = "GATEWAY_RUNS_PER_MINUTE",
        default_value_t = 0,
        value_name = "COUNT"
    )]
    pub runs_per_minute: u32,

    /// How long running answers may go on after the end was asked for
    #[arg(
        id = "gateway-shutdown-grace",
        long,
        env = "GATEWAY_SHUTDOWN_GRACE",
        default_value = "20s",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub shutdown_grace: Duration,

    /// How often what running agents say is kept in the history: what a crash may cost of an answer
    #[arg(
        id = "gateway-tick",
        long,
        env = "GATEWAY_TICK",
        default_value = "250ms",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub tick: Duration,

    /// How long a run outlives a gateway that has crashed; renewed while it goes on. 1s to 1h
    #[arg(
        id = "gateway-run-lease",
        long,
        env = "GATEWAY_RUN_LEASE",
        default_value = "30s",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub run_lease: Duration,

    /// How many bytes of an answer may wait for a reader that has taken nothing for 30 seconds. When it comes back to
    /// more, its stream is ended, to be resumed
    #[arg(
        id = "gateway-reader-backlog",
        long,
        env = "GATEWAY_READER_BACKLOG",
        default_value_t = 256 * 1024,
        value_name = "BYTES"
    )]
    pub reader_backlog: usize,

    /// How long saving an answer is retried while the history service is away
    #[arg(
        id = "gateway-save-timeout",
        long,
        env = "GATEWAY_SAVE_TIMEOUT",
        default_value = "30s",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub save_timeout: Duration,

    /// How long connecting to an agent may take
    #[arg(
        id = "agent-connect-timeout",
        long,
        env = "AGENT_CONNECT_TIMEOUT",
        default_value = "5s",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub connect_timeout: Duration,

    /// How long an agent may take until it begins to answer
    #[arg(
        id = "agent-first-byte-timeout",
        long,
        env = "AGENT_FIRST_BYTE_TIMEOUT",
        default_value = "2m",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub first_byte_timeout: Duration,

    /// How long an agent may be silent in the middle of an answer
    #[arg(
        id = "agent-idle-timeout",
        long,
        env = "AGENT_IDLE_TIMEOUT",
        default_value = "1m",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub idle_timeout: Duration,

    /// How long a whole answer may take
    #[arg(
        id = "agent-run-timeout",
        long,
        env = "AGENT_RUN_TIMEOUT",
        default_value = "10m",
        value_parser = humantime::parse_duration,
        value_name = "DURATION"
    )]
    pub run_timeout: Duration,

    /// The largest answer of an agent, text and sources together, in bytes; at most 8 MiB
    #[arg(id = "agent-max-answer", long, env = "AGENT_MAX_ANSWER", default_value_t = 1024 * 1024, value_name = "BYTES")]
    pub max_answer: usize,

    /// How many messages of a conversation an agent is given at most
    #[arg(
        id = "agent-context-messages",
        long,
        env = "AGENT_CONTEXT_MESSAGES",
        default_value_t = 200,
        value_parser = clap::value_parser!(i32).range(0..=1000),
        value_name = "COUNT"
    )]
    pub context_messages: i32,

    /// How many characters these may have together; the question comes whole all the same. 0 = no limit but the server's
    #[arg(
        id = "agent-context-characters",
        long,
        env = "AGENT_CONTEXT_CHARACTERS",
        default_value_t = 0,
        value_parser = clap::value_parser!(i32).range(0..=i64::from(proto::limit::CONTEXT_CHARACTERS)),
        value_name = "COUNT"
    )]
    pub context_characters: i32,
}

impl Limits {
    /// Half of what the history service takes in one request, which leaves room for all that is not the agent's.
    pub const LARGEST_ANSWER: usize = proto::limit::REQUEST_BYTES / 2;
}
