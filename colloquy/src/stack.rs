//! Everything on one machine, from the first socket to the last process.

use std::time::Duration;

use anyhow::{Context as _, bail};
use auth_service::{IssuerConfig, KeySource};
use gateway::Gateway;
use kit::{
    client, config,
    reload::{self, Reload},
    server::Listeners,
    shutdown,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    cli::Up,
    data_dir,
    database::PrivateDatabase,
    development_issuer::{self, DevelopmentIssuer, Profile},
    people::People,
    random,
    running_stack::RunningStack,
    screen::{self, Places},
    sockets::Socket,
};

const TOKEN_TTL: Duration = Duration::from_hours(12);
const READY_PATIENCE: Duration = Duration::from_mins(2);

/// Every socket of the stack.
struct Sockets {
    gateway: Socket,
    gateway_admin: Socket,
    auth: Socket,
    auth_admin: Socket,
    history: Socket,
    history_admin: Socket,
    demo_agent: Option<Socket>,
}

impl Sockets {
    async fn bind(up: &Up) -> anyhow::Result<Self> {
        let demo_agent = if has_agent(&up.gateway.agents) {
            None
        } else {
            Some(Socket::bind(up.demo_agent.listen, "demo-agent-listen").await?)
        };
        Ok(Self {
            gateway: Socket::bind(up.gateway.listen, "gateway-listen").await?,
            gateway_admin: Socket::bind(up.gateway.admin_listen, "gateway-admin-listen").await?,
            auth: Socket::bind(up.auth.listen, "auth-listen").await?,
            auth_admin: Socket::bind(up.auth.admin_listen, "auth-admin-listen").await?,
            history: Socket::bind(up.history.listen, "history-listen").await?,
            history_admin: Socket::bind(up.history.admin_listen, "history-admin-listen").await?,
            demo_agent,
        })
    }
}

/// Starts everything, shows where it is, and runs until a signal or a failure. Leaves nothing running.
pub(crate) async fn up(up: Up) -> anyhow::Result<()> {
    let stop = shutdown::on_signal()?;
    let reload = reload::on_signal(&stop)?;
    data_dir::create(&up.data.path)?;
    let sockets = Sockets::bind(&up).await?;
    let needs_database =
        up.database.url.is_none() && (up.auth.database_url.is_none() || up.history.database_url.is_none());
    if !needs_database {
        return serve(up, sockets, None, None, reload, &stop).await;
    }
    let mut private = tokio::select! {
        started = PrivateDatabase::start(&up.data.path, &up.postgres) => started?,
        () = stop.cancelled() => return Ok(()),
    };
    let (urls, identity) = (private.urls.clone(), private.identity_url.clone());
    let outcome = tokio::select! {
        outcome = serve(up, sockets, Some(urls), Some(identity), reload, &stop) => outcome,
        ended = private.cluster.ended() => Err(ended.into()),
    };
    if let Err(error) = private.cluster.stop().await {
        tracing::error!(error = format!("{error:#}"), "the private PostgreSQL did not stop in order");
    }
    outcome
}

async fn serve(
    mut up: Up,
    sockets: Sockets,
    private: Option<config::Database>,
    identity_database: Option<SecretString>,
    reload: Reload,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let issuer = DevelopmentIssuer::open_or_create(&up.data.path)?;
    let gateway = sockets.gateway.url();
    let prepared = People::prepare(&mut up, &gateway, identity_database);
    let Some(people) = stop.run_until_cancelled(prepared).await.transpose()? else { return Ok(()) };
    let People { identity, identity_line, web_line } = people;
    let mut places = places(&up, &sockets, private.is_some(), &issuer);
    (places.identity, places.web) = (identity_line, web_line);
    let admins = [&sockets.auth_admin, &sockets.history_admin, &sockets.gateway_admin].map(Socket::url);
    let commands = RunningStack::new(sockets.auth.url());
    let _announcement = commands.announce(&up.data.path)?;
    let (mut others, others_stop) = (JoinSet::new(), CancellationToken::new());
    if let Some(identity) = identity {
        // Before the others, which want its keys. Without it everything else works, and whoever wants to log in is told.
        let watch = identity.watch();
        others.spawn(identity.run(others_stop.clone()));
        if stop.run_until_cancelled(watch.ready()).await == Some(false) {
            places.identity = Some("not ready; identity.log in the data directory says why".to_owned());
        }
    }
    let mut running = Running::start(up, sockets, private, &issuer, &commands, reload, (others, others_stop))?;

    let outcome = tokio::select! {
        ready = all_ready(&admins) => match ready {
            Ok(()) => {
                screen::show(&places);
                tokio::select! {
                    failure = running.failure() => Err(failure),
                    () = stop.cancelled() => Ok(()),
                }
            }
            Err(error) => Err(error),
        },
        failure = running.failure() => Err(failure),
        () = stop.cancelled() => Ok(()),
    };
    screen::progress("stopping");
    running.stop().await;
    outcome
}

fn has_agent(agents: &gateway::AgentOptions) -> bool {
    agents.url.is_some() || agents.file.is_some()
}

fn places(up: &Up, sockets: &Sockets, private: bool, issuer: &DevelopmentIssuer) -> Places {
    let (profile, agents) = (Profile::default(), &up.gateway.agents);
    let agent = match &sockets.demo_agent {
        Some(socket) => format!("{}run  (the demo agent, which knows this project's documentation)", socket.url()),
        None => agents.url.as_ref().map_or_else(|| "as configured".to_owned(), Url::to_string),
    };
    let database = if private {
        format!("a private PostgreSQL in {}", up.data.path.display())
    } else {
        "as configured".to_owned()
    };
    Places {
        gateway: sockets.gateway.url(),
        web: None,
        identity: None,
        auth: sockets.auth.url(),
        history: sockets.history.url(),
        agent,
        database,
        token: issuer.token(&profile, TOKEN_TTL, chrono::Utc::now()),
        email: profile.email,
    }
}

/// The services. The gateway ends first: its last runs still have to be saved by the others.
struct Running {
    gateway: JoinSet<anyhow::Result<()>>,
    gateway_stop: CancellationToken,
    others: JoinSet<anyhow::Result<()>>,
    others_stop: CancellationToken,
}

impl Running {
    fn start(
        up: Up,
        sockets: Sockets,
        private: Option<config::Database>,
        issuer: &DevelopmentIssuer,
        commands: &RunningStack,
        reload: Reload,
        (mut others, others_stop): (JoinSet<anyhow::Result<()>>, CancellationToken),
    ) -> anyhow::Result<Self> {
        let Up { mut auth, history, mut gateway, demo_agent, accepted, token_cache, database, .. } = up;
        let erasures_file = database.erasures_file.clone();
        let database = private.map_or(database, |private| config::Database { erasures_file, ..private });
        let (accepted, service_key) = service_keys(accepted, gateway.service_key.take())?;
        let auth_endpoint = config::AuthEndpoint { auth_url: sockets.auth.url() };
        auth.extra_issuers.push(development_issuer_config(issuer));
        // The gateway's calls go straight into the services: no HTTP/2 in between. Everybody else has the ports.
        let ((auth_door, to_auth), (history_door, to_history)) = (client::door(), client::door());
        let (to_auth, to_history) = (client::attach(to_auth, &service_key)?, client::attach(to_history, &service_key)?);
        gateway.service_key = Some(service_key);
        gateway.history_url = sockets.history.url();
        if let Some(socket) = &sockets.demo_agent {
            gateway.agents.url = Some(socket.url().join("run").context("the demo agent's address")?);
        }

        let gateway_stop = CancellationToken::new();
        others.spawn(auth_service::serve(
            auth_service::Config {
                options: auth,
                database: database.clone(),
                accepted: commands.admitted(accepted.clone()),
            },
            Listeners { grpc: sockets.auth.listener, admin: sockets.auth_admin.listener, door: Some(auth_door) },
            reload,
            others_stop.clone(),
        ));
        others.spawn(history_service::serve(
            history_service::Config {
                options: history,
                database,
                accepted,
                auth: auth_endpoint.clone(),
                token_cache: token_cache.clone(),
            },
            Listeners {
                grpc: sockets.history.listener,
                admin: sockets.history_admin.listener,
                door: Some(history_door),
            },
            others_stop.clone(),
        ));
        if let Some(socket) = sockets.demo_agent {
            others.spawn(demo_agent::serve(demo_agent, socket.listener, others_stop.clone()));
        }
        let mut front = JoinSet::new();
        let config = gateway::Config { options: gateway, auth: auth_endpoint, token_cache };
        front.spawn(Gateway::new(&config, to_auth, to_history)?.serve(
            gateway::Listeners { http: sockets.gateway.listener, admin: sockets.gateway_admin.listener },
            gateway_stop.clone(),
        ));
        Ok(Self { gateway: front, gateway_stop, others, others_stop })
    }

    /// Returns when any of them ends, which none should.
    async fn failure(&mut self) -> anyhow::Error {
        let ended = tokio::select! {
            Some(ended) = self.gateway.join_next() => ended,
            Some(ended) = self.others.join_next() => ended,
        };
        match ended {
            Ok(Ok(())) => anyhow::anyhow!("a service ended by itself"),
            Ok(Err(error)) => error,
            Err(panic) => anyhow::Error::from(panic).context("a service broke"),
        }
    }

    async fn stop(mut self) {
        self.gateway_stop.cancel();
        while let Some(ended) = self.gateway.join_next().await {
            report(ended);
        }
        self.others_stop.cancel();
        while let Some(ended) = self.others.join_next().await {
            report(ended);
        }
    }
}

fn report(ended: Result<anyhow::Result<()>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(error = format!("{error:#}"), "a service ended badly"),
        Err(error) => tracing::error!(%error, "a service broke"),
    }
}

/// The keys that were given, else new ones for as long as the stack runs; and the gateway's own.
fn service_keys(
    given: config::AcceptedServices,
    gateway_key: Option<SecretString>,
) -> anyhow::Result<(config::AcceptedServices, SecretString)> {
    let accepted = if given.service_keys.is_empty() {
        let (gateway, history) = (random::secret(), random::secret());
        let gateway = gateway_key.as_ref().unwrap_or(&gateway).expose_secret();
        let keys = format!("gateway:{gateway},history:{}", history.expose_secret());
        let service_keys = keys.parse().context("SERVICE_KEY cannot be used")?;
        config::AcceptedServices { service_keys, ..given }
    } else {
        given
    };
    let own = gateway_key.or_else(|| accepted.service_keys.own_key("gateway"));
    Ok((accepted, own.context("SERVICE_KEYS has no key for the gateway")?))
}

fn development_issuer_config(issuer: &DevelopmentIssuer) -> IssuerConfig {
    let audience = vec![development_issuer::AUDIENCE.to_owned()];
    IssuerConfig::new("development", development_issuer::ISSUER, audience, KeySource::File(issuer.key_set.clone()))
}

/// Waits until every admin listener says that its service is ready.
async fn all_ready(admins: &[Url]) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).no_proxy().build()?;
    let give_up = tokio::time::Instant::now() + READY_PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    for admin in admins {
        let readyz = admin.join("readyz")?;
        loop {
            ticks.tick().await;
            let answer = client.get(readyz.clone()).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                break;
            }
            if tokio::time::Instant::now() > give_up {
                bail!("not ready within {}", humantime::format_duration(READY_PATIENCE));
            }
        }
    }
    Ok(())
}
