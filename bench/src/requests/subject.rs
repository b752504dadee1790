//! Who answers: a peer, or Colloquy in three processes or in one.

use std::{fmt, time::Duration};

use tempfile::TempDir;
use url::Url;

use super::{peer::Peer, world::World};
use crate::stack::{Program, SERVICE_KEY};

/// Longer than everything is warmed up; the peers trust tokens for as long.
const TRUST: &str = "--token-cache-ttl=5m";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Name {
    Sqlalchemy,
    Asyncpg,
    Three,
    One,
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlalchemy => "FastAPI + SQLAlchemy",
            Self::Asyncpg => "FastAPI + asyncpg",
            Self::Three => "three processes",
            Self::One => "`colloquy up`",
        })
    }
}

/// The processes of a subject. They end with the value.
pub(super) struct Subject {
    pub(super) name: Name,
    pub(super) url: Url,
    peer: Option<Peer>,
    programs: Vec<Program>,
    _directory: Option<TempDir>,
}

/// Colloquy as it is deployed.
pub(crate) struct Three {
    pub(crate) gateway: Program,
    pub(crate) history: Program,
    pub(crate) auth: Program,
}

impl Three {
    pub(crate) async fn start(world: &World) -> anyhow::Result<Self> {
        let keys = format!("gateway:{SERVICE_KEY}");
        let auth = Program::start("auth-service", "auth", |command| {
            command.args(["--better-auth-url", &world.issuer.base_url()]);
            command.env("DATABASE_URL", world.data.service_url()).env("SERVICE_KEYS", &keys);
        })
        .await?;
        let history = Program::start("history-service", "history", |command| {
            command.args(["--auth-url", auth.url.as_str()]);
            command.env("DATABASE_URL", world.data.service_url()).env("SERVICE_KEYS", &keys);
        })
        .await?;
        let gateway = Program::start("gateway", "gateway", |command| {
            command.args(["--auth-url", auth.url.as_str(), "--history-url", history.url.as_str(), TRUST]);
            command
                .args(["--agent-url", world.agent.url.as_str()])
                .args(WITHOUT_LIMITS)
                .env("SERVICE_KEY", SERVICE_KEY);
        })
        .await?;
        Ok(Self { gateway, history, auth })
    }
}

/// Of how many runs and requests there may be at a time.
const WITHOUT_LIMITS: [&str; 2] = ["--gateway-max-runs=0", "--gateway-max-requests=0"];

impl Subject {
    pub(super) async fn start(name: Name, world: &World) -> anyhow::Result<Self> {
        let (mut peer, mut directory) = (None, None);
        let programs = match name {
            Name::Sqlalchemy => {
                peer = Some(Peer::start("with_sqlalchemy", world).await?);
                vec![]
            }
            Name::Asyncpg => {
                peer = Some(Peer::start("with_asyncpg", world).await?);
                vec![]
            }
            Name::Three => {
                let Three { gateway, history, auth } = Three::start(world).await?;
                vec![gateway, history, auth]
            }
            Name::One => vec![one(world, directory.insert(tempfile::tempdir()?)).await?],
        };
        let url = peer.as_ref().map_or_else(|| programs[0].url.clone(), |peer| peer.url.clone());
        Ok(Self { name, url, peer, programs, _directory: directory })
    }

    pub(super) fn cpu(&self) -> anyhow::Result<Duration> {
        let of_peer = self.peer.iter().map(Peer::cpu);
        self.programs.iter().map(Program::cpu).chain(of_peer).sum()
    }
}

async fn one(world: &World, directory: &TempDir) -> anyhow::Result<Program> {
    Program::start("colloquy", "gateway", |command| {
        command.arg("--data-dir").arg(directory.path()).args(["--no-identity", "--no-web"]);
        for socket in ["auth-listen", "auth-admin-listen", "history-listen", "history-admin-listen"] {
            command.arg(format!("--{socket}=127.0.0.1:0"));
        }
        command.args(["--better-auth-url", &world.issuer.base_url(), TRUST]);
        command.args(["--agent-url", world.agent.url.as_str()]).args(WITHOUT_LIMITS);
        command.env("DATABASE_URL", world.data.service_url());
    })
    .await
}
