//! How much the contracts take: one place for the service that refuses and for those who refuse before it.
//!
//! What a client brings is bounded field by field. What an agent wrote is bounded by the size of the request alone,
//! so that no answer is lost to a long address. Texts are counted in Unicode scalar values.

/// The largest request to the history service, in bytes.
pub const REQUEST_BYTES: usize = 16 * 1024 * 1024;
/// A message of a client's, or a question.
pub const CONTENT: usize = 1_000_000;
/// A conversation's title.
pub const TITLE: usize = 500;
/// An id of the client's own.
pub const CLIENT_ID: usize = 200;
/// An idempotency key.
pub const IDEMPOTENCY_KEY: usize = 200;
/// The name of an agent.
pub const AGENT: usize = 100;
/// A remark with feedback.
pub const NOTE: usize = 4_000;
/// A client's metadata, in bytes.
pub const METADATA_BYTES: usize = 16 * 1024;
/// How many conversations a page has at most.
pub const CONVERSATION_PAGE: usize = 100;
/// How many messages a page has at most.
pub const MESSAGE_PAGE: usize = 200;
/// How many citations a page has at most.
pub const CITATION_PAGE: usize = 100;
/// How many characters of a path an agent is given at most.
pub const CONTEXT_CHARACTERS: i32 = 8 * 1024 * 1024;
/// How many sources a message of a client's cites.
pub const SOURCES: usize = 200;
/// The title of a client's source.
pub const SOURCE_TITLE: usize = 2_000;
/// The address of a client's source.
pub const SOURCE_URL: usize = 8_000;
/// The cited text of a client's source.
pub const SOURCE_SNIPPET: usize = 100_000;
/// The hash of a client's source.
pub const SOURCE_HASH: usize = 500;
/// How many sources an agent's answer cites.
pub const ANSWER_SOURCES: usize = 10_000;
/// How many users are read at once.
pub const USER_BATCH: usize = 100;
/// The id of a session.
pub const SESSION_ID: usize = 255;
/// A search query.
pub const SEARCH_QUERY: usize = 1_000;
/// How many words and phrases a search query has at most.
pub const SEARCH_TERMS: usize = 32;
/// How many hits a page has at most.
pub const SEARCH_PAGE: usize = 50;
