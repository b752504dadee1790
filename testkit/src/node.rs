//! Servers and clients in Node.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::{installation::Installation, server::Server};

pub(crate) const NEEDED: &str = "these tests run real issuers, agents and clients: install Node.js 20.19 or newer with npm \
                      (https://nodejs.org; what your system packages may be too old)";

/// Better Auth and oidc-provider.
pub(crate) static ISSUERS: Installation = Installation::new(
    "node",
    include_str!("../node/package-lock.json"),
    &[
        ("package.json", include_str!("../node/package.json")),
        ("package-lock.json", include_str!("../node/package-lock.json")),
        (".npmrc", include_str!("../node/.npmrc")),
        ("owned.mjs", include_str!("../node/owned.mjs")),
        ("better-auth.mjs", include_str!("../node/better-auth.mjs")),
        ("oidc-provider.mjs", include_str!("../node/oidc-provider.mjs")),
    ],
    install,
);

/// AIMock, and an agent on the AI SDK.
pub(crate) static AGENTS: Installation = Installation::new(
    "agents",
    include_str!("../agents/package-lock.json"),
    &[
        ("package.json", include_str!("../agents/package.json")),
        ("package-lock.json", include_str!("../agents/package-lock.json")),
        (".npmrc", include_str!("../agents/.npmrc")),
        ("owned.mjs", include_str!("../node/owned.mjs")),
        ("aimock.mjs", include_str!("../agents/aimock.mjs")),
        ("ai-sdk.mjs", include_str!("../agents/ai-sdk.mjs")),
    ],
    install,
);

/// The clients that frontends use.
pub(crate) static CLIENTS: Installation = Installation::new(
    "clients",
    include_str!("../clients/package-lock.json"),
    &[
        ("package.json", include_str!("../clients/package.json")),
        ("package-lock.json", include_str!("../clients/package-lock.json")),
        (".npmrc", include_str!("../clients/.npmrc")),
        ("agent.mjs", include_str!("../clients/agent.mjs")),
        ("ag-ui.mjs", include_str!("../clients/ag-ui.mjs")),
        ("openai.mjs", include_str!("../clients/openai.mjs")),
        ("read.mjs", include_str!("../clients/read.mjs")),
        ("ui-messages.mjs", include_str!("../clients/ui-messages.mjs")),
        ("use-chat.mjs", include_str!("../clients/use-chat.mjs")),
    ],
    install,
);

/// Starts `script` with these options; `port` 0 takes a free one, which stays free while the server is down.
pub(crate) async fn start(from: &'static Installation, script: &'static str, mut options: Value, port: u16) -> Server {
    options["port"] = json!(port);
    let command = move || {
        let mut command = Command::new("node");
        command.arg(script).arg(options.to_string()).current_dir(from.folder());
        command
    };
    Server::start(command, NEEDED).await
}

fn install(folder: &Path) {
    let version = Command::new("node").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let version = String::from_utf8_lossy(&version);
    let mut numbers = version.trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    assert!((numbers.next(), numbers.next()) >= (Some(20), Some(19)), "{NEEDED}; found: {:?}", version.trim_end());
    let npm = Command::new("npm").args(["ci", "--loglevel=error"]).current_dir(folder).output().expect(NEEDED);
    assert!(npm.status.success(), "npm ci failed in {}: {}", folder.display(), String::from_utf8_lossy(&npm.stderr));
}
