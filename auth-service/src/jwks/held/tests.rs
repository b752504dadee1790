use super::*;

const FRESHNESS: Freshness = Freshness {
    max_age: Duration::from_mins(10),
    cool_down: Duration::from_secs(30),
    max_stale: Duration::from_hours(24),
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// An issuer's keys through time. The issuer has the keys `a` and, since it rotated, `b`.
struct Story {
    held: Held,
    now: Moment,
    start: Instant,
}

impl Story {
    fn new() -> Self {
        let now = Moment { ticks: Instant::now(), wall: SystemTime::UNIX_EPOCH };
        Self { held: Held::new(FRESHNESS), now, start: now.ticks }
    }

    /// Keys that were fetched at the beginning.
    fn with_keys() -> Self {
        let mut story = Self::new();
        story.answers(&["a"], None, None);
        story
    }

    /// Moves both clocks to this many seconds after the beginning.
    fn at(&mut self, seconds: u64) -> &mut Self {
        let since = Duration::from_secs(seconds);
        self.now = Moment { ticks: self.start + since, wall: SystemTime::UNIX_EPOCH + since };
        self
    }

    fn answers(&mut self, ids: &[&str], lifetime: Option<u64>, asked_for: Option<&str>) {
        self.held.succeeded(keys(ids), lifetime.map(Duration::from_secs), asked_for, self.now, 0.5);
    }

    fn fails(&mut self, wish: Option<u64>, asked_for: Option<&str>) {
        let failure = Failure { problem: "away".to_owned(), pause: wish.map(Duration::from_secs) };
        self.held.failed(failure, asked_for, self.now, 1.0);
    }

    fn step(&self, id: &str) -> &'static str {
        name(&self.held.next_step(Some(id), self.now))
    }

    fn last_step(&self, id: &str) -> &'static str {
        name(&self.held.last_step(Some(id), self.now))
    }

    fn state(&self) -> State {
        self.held.state(self.now)
    }

    /// In how many seconds the keeper fetches.
    fn due_in(&self) -> u64 {
        self.held.due().unwrap().saturating_duration_since(self.now.ticks).as_secs()
    }
}

fn name(step: &Step) -> &'static str {
    match step {
        Step::Use { stale: false, .. } => "use",
        Step::Use { stale: true, .. } => "use stale",
        Step::Fetch => "fetch",
        Step::GiveUp { .. } => "give up",
    }
}

/// The key of RFC 8037 §A.2 under these ids.
fn keys(ids: &[&str]) -> KeySet {
    let jwk = |id: &&str| {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{id}","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#)
    };
    let jwks = ids.iter().map(jwk).collect::<Vec<_>>().join(",");
    KeySet::parse(format!(r#"{{"keys":[{jwks}]}}"#).as_bytes(), "test").unwrap()
}

#[test]
fn keys_are_fetched_at_once_and_again_before_they_are_old() {
    let mut story = Story::new();
    assert_eq!(story.held.due(), None);
    assert_eq!(story.step("a"), "fetch");
    story.answers(&["a"], None, None);
    assert_eq!(story.due_in(), 8 * MINUTE);
    for (spread, seconds) in [(0.0, 450), (0.5, 480), (1.0, 510)] {
        story.held.succeeded(keys(&["a"]), None, None, story.now, spread);
        assert_eq!(story.due_in(), seconds, "spread over replicas, and never later than 85 %");
    }
    assert_eq!(story.at(10 * MINUTE - 1).step("a"), "use");
}

#[test]
fn keys_that_are_too_old_are_used_only_when_newer_ones_cannot_be_had() {
    let mut story = Story::with_keys();
    for id in ["a", "b"] {
        assert_eq!(story.at(10 * MINUTE).step(id), "fetch", "the timer is late");
    }
    story.fails(None, None);
    assert_eq!(story.step("a"), "use stale");
    assert_eq!(story.last_step("a"), "use stale");
    assert_eq!(story.at(24 * HOUR - 1).step("a"), "use stale");
    story.at(24 * HOUR).fails(None, None);
    assert_eq!(story.step("a"), "give up");
    assert_eq!(story.last_step("a"), "give up");
    assert_eq!(story.state().standing, Standing::Unusable);
    story.answers(&["a"], None, None);
    assert_eq!(story.step("a"), "use");
}

#[test]
fn a_machine_that_slept_does_not_take_its_keys_for_young() {
    let mut story = Story::with_keys();
    story.now.wall += Duration::from_hours(8);
    assert_eq!(story.step("a"), "fetch");
    story.answers(&["a"], None, None);
    story.now.wall -= Duration::from_hours(16);
    assert_eq!(story.step("a"), "use", "a clock that was set back does no harm");
}

#[test]
fn a_withdrawn_key_is_gone_with_the_next_fetch() {
    let mut story = Story::with_keys();
    story.at(8 * MINUTE).answers(&["b"], None, None);
    assert_eq!(story.step("a"), "fetch");
    story.answers(&["b"], None, Some("a"));
    assert_eq!(story.step("a"), "use", "and the keys that are used do not have it");
}

#[test]
fn a_key_that_comes_back_broken_stays_as_it_was() {
    let mut story = Story::new();
    story.answers(&["a", "b"], None, None);
    let broken = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AA"},{"kty":"OKP","crv":"Ed25519","kid":"c",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let broken = KeySet::parse(broken, "test").unwrap();
    story.held.succeeded(broken, None, None, story.now, 0.5);
    assert_eq!(["a", "b", "c"].map(|id| story.step(id)), ["use", "fetch", "use"], "b is gone, which is no accident");
}

#[test]
fn a_key_that_stays_broken_is_given_up_after_a_day() {
    let mut story = Story::with_keys();
    let broken = || KeySet::parse(br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AA"}]}"#, "test").unwrap();
    for (time, step) in [(HOUR, "use"), (24 * HOUR - 1, "use"), (24 * HOUR, "fetch")] {
        let now = story.at(time).now;
        story.held.succeeded(broken(), None, None, now, 0.5);
        assert_eq!(story.step("a"), step, "{time}");
    }
}

#[test]
fn an_unknown_key_is_asked_for_once_in_a_cool_down() {
    let mut story = Story::with_keys();
    assert_eq!(story.step("x"), "fetch");
    story.answers(&["a"], None, Some("x"));
    assert_eq!(story.at(29).step("x"), "use", "to be refused: the issuer has denied it");
    assert_eq!(story.step("y"), "give up", "for a second: nobody has denied it");
    assert_eq!(story.last_step("y"), "use");
    assert_eq!(story.at(30).step("y"), "fetch");
    story.answers(&["a"], None, Some("y"));
    assert_eq!(story.at(60).step("x"), "fetch");
    story.answers(&["a"], None, Some("x"));
    assert_eq!(story.at(90).step("x"), "use", "what stays missing is asked for less often");
    assert_eq!(story.step("b"), "fetch", "and is not in the way of a new key");
    story.answers(&["a", "b"], None, Some("b"));
    assert_eq!(story.step("b"), "use");
    assert_eq!(story.step("z"), "fetch", "a key that was found is no reason to wait");
}

#[test]
fn an_unknown_key_may_be_a_new_one_while_the_issuer_is_down() {
    let mut story = Story::with_keys();
    story.at(1).fails(None, Some("b"));
    assert_eq!(story.step("b"), "give up");
    assert_eq!(story.last_step("b"), "give up");
    assert_eq!(story.step("a"), "use", "nobody else is concerned");
    assert_eq!(story.at(30).step("b"), "give up");
    assert_eq!(story.at(31).step("b"), "fetch", "once in a cool-down, as ever");
    story.fails(Some(100), Some("b"));
    assert_eq!(story.at(130).step("b"), "give up", "the issuer asked for it");
    assert_eq!(story.at(131).step("b"), "fetch");
}

#[test]
fn failures_are_repeated_less_and_less_often() {
    let mut story = Story::with_keys();
    for pause in [1, 2, 4, 8, 16, 32, 64, 120, 120] {
        story.fails(None, None);
        assert_eq!(story.due_in(), pause);
    }
    story.held.failed(Failure { problem: String::new(), pause: None }, None, story.now, 0.0);
    assert_eq!(story.due_in(), 60, "spread over replicas");
    story.answers(&["a"], None, None);
    story.fails(None, None);
    assert_eq!(story.due_in(), 1, "a success forgets them");
}

#[test]
fn the_first_tries_come_quickly_because_users_wait() {
    let mut story = Story::new();
    for pause in [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 10, 10] {
        story.fails(None, None);
        assert_eq!(story.due_in(), pause);
        assert_eq!(story.step("a"), "give up");
    }
    story.now.ticks += Duration::from_secs(10);
    assert_eq!(story.step("a"), "fetch");
    for _ in 0..100 {
        story.fails(None, None);
    }
    assert_eq!(story.due_in(), 10);
}

#[test]
fn an_issuer_that_asks_for_a_pause_gets_it_within_reason() {
    let mut story = Story::with_keys();
    for (wish, due) in [(0, 1), (90, 90), (5 * MINUTE, 5 * MINUTE), (u64::MAX, 5 * MINUTE)] {
        let mut story = Story::with_keys();
        story.fails(Some(wish), None);
        assert_eq!(story.due_in(), due);
        assert_eq!(story.step("a"), "use");
    }
    story.at(9 * MINUTE).fails(Some(5 * MINUTE), None);
    assert_eq!(story.at(11 * MINUTE).step("a"), "use stale");
}

#[test]
fn an_issuer_may_shorten_the_age_of_its_keys_and_not_lengthen_it() {
    for (lifetime, age) in [(300, 300), (31, 31), (30, 30), (5, 30), (0, 30), (601, 600), (u64::MAX, 600)] {
        let mut story = Story::new();
        story.answers(&["a"], Some(lifetime), None);
        assert_eq!(story.due_in(), age * 8 / 10, "max-age={lifetime}");
        assert_eq!(story.at(age - 1).step("a"), "use");
        assert_eq!(story.at(age).step("a"), "fetch");
    }
}

#[test]
fn the_state_is_told_in_a_line() {
    let mut story = Story::new();
    assert_eq!(story.state().to_string(), "no keys yet");
    story.fails(None, None);
    assert_eq!(story.at(3).state().to_string(), "no keys yet; failures in a row: 1, the last 3 s ago: away");
    story.answers(&["a", "b"], None, None);
    assert_eq!(story.at(10).state().to_string(), "fresh; keys: 2; age: 7 s");
    story.fails(None, None);
    let told = story.at(700).state().to_string();
    assert_eq!(told, "stale; keys: 2; age: 697 s; failures in a row: 1, the last 690 s ago: away");
    assert!(story.at(25 * HOUR).state().to_string().starts_with("too old; keys: 2; age: 89997 s; "));
}
