//! The query cache in `.sqlx`, with which the services are built where no database is.
//!
//! It is made by compiling them against a private PostgreSQL that has seen the migrations.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context as _, bail};
use private_postgres::{Cluster, Options};

use crate::step::{cargo, root, run, step_async, works};

/// The packages with checked queries, and the schemas that their migrations fill.
const PACKAGES: [&str; 2] = ["auth-service", "history-service"];
const SCHEMAS: [&str; 2] = ["auth", "history"];
const CACHE: &str = ".sqlx";

/// Replaces the cache.
pub(crate) async fn renew() -> anyhow::Result<()> {
    step_async("query cache", async {
        let fresh = prepare().await?;
        let cache = root().join(CACHE);
        fs::create_dir_all(&cache)?;
        for (name, _) in queries(&cache)? {
            fs::remove_file(cache.join(name))?;
        }
        for (name, content) in &fresh {
            fs::write(cache.join(name), content)?;
        }
        println!("{} queries in {CACHE}", fresh.len());
        Ok(())
    })
    .await
}

/// Fails when the cache is not what `renew` would make it.
pub(crate) async fn verify() -> anyhow::Result<()> {
    let fresh = prepare().await?;
    let committed = queries(&root().join(CACHE))?;
    let stale = committed.iter().filter(|(name, content)| fresh.get(*name) != Some(*content)).count();
    let missing = fresh.keys().filter(|name| !committed.contains_key(*name)).count();
    if stale + missing > 0 {
        bail!("{CACHE} has {stale} stale and {missing} missing queries; run `cargo xtask sqlx` and commit the outcome");
    }
    Ok(())
}

/// The queries as they are now, by file name.
async fn prepare() -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("queries");
    fs::create_dir(&output)?;
    let mut options = Options::temporary(folder.path().join("database"));
    // A download is kept for the next time.
    options.downloads = Some(root().join("target").join("postgres-binaries"));
    let cluster = Cluster::start(options).await.context("a PostgreSQL to check queries against")?;
    let outcome = compile(&cluster, &output);
    cluster.stop().await?;
    outcome?;
    queries(&output)
}

fn compile(cluster: &Cluster, output: &Path) -> anyhow::Result<()> {
    let url = cluster.superuser_url("postgres");
    migrate(&psql(cluster)?, &url)?;
    let mut check = cargo(["check", "--all-targets", "--locked", "--quiet"]);
    for package in PACKAGES {
        expand_anew(&root().join(package))?;
        check.args(["--package", package]);
    }
    run(check.env("SQLX_OFFLINE_DIR", output).env("SQLX_OFFLINE", "false").env("DATABASE_URL", url))
}

fn psql(cluster: &Cluster) -> anyhow::Result<PathBuf> {
    let candidates = [cluster.bin().join("psql"), PathBuf::from("psql")];
    let found = candidates.into_iter().find(|psql| works(Command::new(psql).arg("--version")));
    found.context("psql is missing; the package postgresql-client has it")
}

/// The services' own migrator cannot be used: it is compiled with the queries that are to be prepared.
fn migrate(psql: &Path, url: &str) -> anyhow::Result<()> {
    for schema in SCHEMAS {
        let folder = root().join("migrations").join(schema);
        let mut files = fs::read_dir(&folder)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>())
            .with_context(|| format!("reading {}", folder.display()))?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
        files.sort();
        let mut command = Command::new(psql);
        command.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url]);
        command.arg("--command").arg(format!("CREATE SCHEMA {schema}"));
        for file in &files {
            command.arg("--file").arg(file);
        }
        run(&mut command).with_context(|| format!("the migrations of schema {schema}"))?;
    }
    Ok(())
}

/// Queries are prepared as they are compiled, and cargo compiles what is newer than its outcome.
fn expand_anew(package: &Path) -> anyhow::Result<()> {
    for target in ["src/lib.rs", "src/main.rs", "tests/it/main.rs"] {
        let file = package.join(target);
        if file.exists() {
            fs::File::options().append(true).open(&file)?.set_modified(SystemTime::now())?;
        }
    }
    Ok(())
}

fn queries(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let mut queries = BTreeMap::new();
    if folder.exists() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                queries.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(queries)
}
