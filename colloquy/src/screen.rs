//! What a person sees: a line for each long step, then one screen.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is the user interface of the binary")]

use url::Url;

/// A step that may take a while.
pub(crate) fn progress(step: &str) {
    eprintln!("  {step}");
}

/// Where everything is.
pub(crate) struct Places {
    pub(crate) gateway: Url,
    /// The web app, if there is one or a reason why not.
    pub(crate) web: Option<String>,
    /// The identity server, the same.
    pub(crate) identity: Option<String>,
    pub(crate) auth: Url,
    pub(crate) history: Url,
    /// The gateway's agent, in a few words.
    pub(crate) agent: String,
    /// The database, in a few words, without a password.
    pub(crate) database: String,
    /// Whose token it is.
    pub(crate) email: String,
    pub(crate) token: String,
}

/// The one screen.
pub(crate) fn show(places: &Places) {
    let Places { gateway, agent, database, email, token, .. } = places;
    let origin = gateway.as_str().trim_end_matches('/');
    let grpc = |url: &Url| url.as_str().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let (auth, history) = (grpc(&places.auth), grpc(&places.history));
    let line = |name: &str, place: &Option<String>| {
        place.as_ref().map_or_else(String::new, |place| format!("  {name:<8}  {place}\n"))
    };
    let people = [line("web", &places.web), line("identity", &places.identity)].concat();
    println!(
        r#"
Colloquy is running. Ctrl-C stops everything.

{people}  gateway   {origin}  (the API is described at {origin}/docs)
  auth      {auth}  (gRPC)
  history   {history}  (gRPC)
  agent     {agent}
  database  {database}

A token for {email}, good for 12 hours:

  export TOKEN={token}

Then ask, list, and look behind the scenes:

  curl -s {origin}/agents/run -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{{"message": "How do I point Colloquy at my own agent?"}}'
  curl -s {origin}/conversations -H "Authorization: Bearer $TOKEN"
  grpcurl -plaintext -H "Authorization: Bearer $TOKEN" {history} colloquy.history.v1.ConversationService/ListConversations
"#
    );
}
