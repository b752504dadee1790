//! A real Better Auth server, and a browser's part of the conversation with it.

use reqwest::{
    Client, Method, RequestBuilder, Response,
    header::{COOKIE, SET_COOKIE},
};
use rustix::process::Signal;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{TestDatabase, node, server::Server};

/// What it signs cookies with.
pub const SECRET: &str = "a-secret-of-better-auth-with-enough-entropy";
const PASSWORD: &str = "correct horse battery staple";

/// The options of a server that looks like Neon Auth from outside.
pub fn neon() -> Value {
    json!({
        "basePath": "/neondb/auth",
        "cookiePrefix": "neon-auth",
        "secureCookies": true,
        "generateId": "uuid",
        "jwks": {"jwksPath": "/.well-known/jwks.json"},
    })
}

/// A Better Auth server on this machine, with a database of its own.
#[derive(Debug)]
pub struct BetterAuth {
    /// Its tables.
    pub database: TestDatabase,
    options: Value,
    base_path: String,
    /// None while it is down.
    server: Option<Server>,
    port: u16,
    http: Client,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// The user's id at Better Auth.
    pub user_id: String,
    /// The token as the answer has it.
    pub raw: String,
    /// The token as `set-auth-token` has it.
    pub signed: String,
    /// Every cookie that was set, with its value as it stands on the wire.
    pub cookies: Vec<(String, String)>,
}

impl Session {
    /// The three spellings of its token: raw, signed, and percent-encoded as in the cookie.
    pub fn spellings(&self) -> [&str; 3] {
        [&self.raw, &self.signed, self.cookie().1]
    }

    /// The session cookie: its name and value.
    ///
    /// # Panics
    /// When none was set.
    pub fn cookie(&self) -> (&str, &str) {
        let found = self.cookies.iter().find(|(name, _)| name.ends_with(".session_token"));
        found.map(|(name, value)| (name.as_str(), value.as_str())).expect("a session cookie")
    }
}

impl BetterAuth {
    /// A server with a fresh database. `testkit/node/better-auth.mjs` reads the options, and says what they are.
    ///
    /// # Panics
    /// When Node is missing or the server does not start.
    pub async fn start(options: Value) -> Self {
        // The owner of a database is a member of the role that owns `public`, but ours inherits nothing.
        let open = "SET ROLE pg_database_owner; GRANT ALL ON SCHEMA public TO colloquy_owner";
        let open = |owner_url| async move {
            execute(&owner_url, open).await;
            Ok(())
        };
        let database = TestDatabase::create("better_auth", open).await;
        Self::over(database, options).await
    }

    /// A server over a database that may have its tables already.
    ///
    /// # Panics
    /// When Node is missing or the server does not start.
    pub async fn over(database: TestDatabase, mut options: Value) -> Self {
        let base_path = options["basePath"].as_str().unwrap_or("/api/auth").to_owned();
        options["basePath"] = json!(base_path);
        options["secret"] = json!(SECRET);
        options["database"] = json!(database.owner_url.expose_secret());
        let http = Client::builder().no_proxy().build().expect("an HTTP client");
        let mut server = Self { database, options, base_path, server: None, port: 0, http };
        server.restart().await;
        server
    }

    /// Its `iss` and `aud`.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What a program is told as `BETTER_AUTH_URL` or `NEON_AUTH_URL`.
    pub fn base_url(&self) -> String {
        format!("{}{}", self.origin(), self.base_path)
    }

    /// A person who signs up, and is signed in.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn sign_up(&self, name: &str) -> Session {
        let account = json!({"name": format!("Name of {name}"), "email": email(name), "password": PASSWORD});
        session(self.post("/sign-up/email", &account).await).await
    }

    /// The same person once more, with another session.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn sign_in(&self, name: &str) -> Session {
        let account = json!({"email": email(name), "password": PASSWORD});
        session(self.post("/sign-in/email", &account).await).await
    }

    /// A new JWT for a session.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn jwt(&self, session: &Session) -> String {
        let answer = accepted(self.request(Method::GET, "/token").bearer_auth(&session.signed)).await;
        text(&answer.json::<Value>().await.expect("JSON")["token"])
    }

    /// A JWT of a server that believes the Host header, for this host.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn jwt_for_host(&self, session: &Session, host: &str) -> String {
        let request = self.request(Method::GET, "/token").bearer_auth(&session.signed).header("host", host);
        text(&accepted(request).await.json::<Value>().await.expect("JSON")["token"])
    }

    /// What `get-session` says to these cookies.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn session_by_cookies(&self, cookies: &[(String, String)]) -> Value {
        let cookies = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        accepted(self.request(Method::GET, "/get-session").header(COOKIE, cookies)).await.json().await.expect("JSON")
    }

    /// Ends a session.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn sign_out(&self, session: &Session) {
        accepted(self.request(Method::POST, "/sign-out").bearer_auth(&session.signed).json(&json!({}))).await;
    }

    /// Deletes the user behind a session, who asked for it.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn delete_user(&self, session: &Session) {
        let request = self.request(Method::POST, "/delete-user").bearer_auth(&session.signed);
        accepted(request.json(&json!({"password": PASSWORD}))).await;
    }

    /// Bans a user as an administrator does, which ends their sessions.
    ///
    /// # Panics
    /// When it refuses.
    pub async fn ban(&self, user_id: &str) {
        let admin = self.sign_up("admin").await;
        let request = self.request(Method::POST, "/admin/ban-user").bearer_auth(&admin.signed);
        accepted(request.json(&json!({"userId": user_id}))).await;
    }

    /// Lets the newest key run out: the next token is signed with a new one.
    pub async fn rotate_keys(&self) {
        self.sql("UPDATE jwks SET \"expiresAt\" = now() - interval '1 second'").await;
    }

    /// Runs a statement in its database, as an operator might.
    ///
    /// # Panics
    /// When it fails.
    pub async fn sql(&self, statement: &str) {
        execute(&self.database.owner_url, statement).await;
    }

    /// How often this path below the base was asked for since the server started.
    ///
    /// # Panics
    /// When it is down.
    pub async fn requests(&self, path: &str) -> u64 {
        let url = format!("{}/_requests", self.origin());
        let counts = self.http.get(url).send().await.expect("a server").json::<Value>().await.expect("JSON");
        counts[format!("{}{path}", self.base_path)].as_u64().unwrap_or(0)
    }

    /// Ends the server as no server wants to be ended.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts it again, on the same port.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn restart(&mut self) {
        self.kill();
        let server = node::start(&node::ISSUERS, "better-auth.mjs", self.options.clone(), self.port).await;
        self.port = server.port();
        self.server = Some(server);
    }

    /// Stops answering; connections are still accepted.
    ///
    /// # Panics
    /// When it is down.
    pub fn pause(&self) {
        self.server.as_ref().expect("a running server").signal(Signal::STOP);
    }

    /// Goes on after a pause.
    ///
    /// # Panics
    /// When it is down.
    pub fn resume(&self) {
        self.server.as_ref().expect("a running server").signal(Signal::CONT);
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        accepted(self.request(Method::POST, path).json(body)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base_url()))
    }
}

async fn execute(owner_url: &SecretString, statement: &str) {
    let mut owner = PgConnection::connect(owner_url.expose_secret()).await.expect("the owner");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut owner).await.expect("a statement that succeeds");
    owner.close().await.expect("an orderly end");
}

async fn accepted(request: RequestBuilder) -> Response {
    let answer = request.send().await.expect("an answer of Better Auth");
    let (status, url) = (answer.status(), answer.url().clone());
    if status.is_success() {
        return answer;
    }
    panic!("{url} answered {status}: {}", answer.text().await.unwrap_or_default());
}

async fn session(answer: Response) -> Session {
    let cookies = answer.headers().get_all(SET_COOKIE).iter().filter_map(|set| {
        let (cookie, _) = set.to_str().expect("text").split_once(';')?;
        cookie.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
    });
    let cookies = cookies.collect();
    let signed = answer.headers()["set-auth-token"].to_str().expect("text").to_owned();
    let body = answer.json::<Value>().await.expect("JSON");
    Session { user_id: text(&body["user"]["id"]), raw: text(&body["token"]), signed, cookies }
}

fn email(name: &str) -> String {
    format!("{name}@example.com")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
