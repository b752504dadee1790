//! Directories that are hard to reach, long to name, or somebody else's.

use std::{
    fs::{self, Permissions},
    io::Write as _,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
};

use private_postgres::{Cluster, Options};

use crate::harness::{data, kept, psql, query};

#[tokio::test]
async fn as_root_the_data_may_lie_where_only_root_can_go() -> anyhow::Result<()> {
    if !is_root("only root runs the server as somebody else")? {
        return Ok(());
    }
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("closed/d");
    fs::create_dir(temp.path().join("closed"))?;
    fs::set_permissions(temp.path().join("closed"), Permissions::from_mode(0o700))?;

    let cluster = Cluster::start(kept(&dir)).await?;
    query(&cluster, "CREATE TABLE note AS SELECT 'kept' AS text").await?;
    // Backends, checkpoints and parallel workers all have to find their files.
    query(&cluster, "CHECKPOINT").await?;
    query(&cluster, "CREATE DATABASE other").await?;
    assert_eq!(query(&cluster, "SELECT pg_reload_conf()").await?, "t");
    let workers = "SET force_parallel_mode = on; SELECT count(*) > 100 FROM pg_class";
    let workers_since_16 = "SET debug_parallel_query = on; SELECT count(*) > 100 FROM pg_class";
    let parallel = [query(&cluster, workers).await, query(&cluster, workers_since_16).await];
    assert!(parallel.into_iter().flatten().any(|answer| answer == "t"));
    cluster.stop().await?;

    assert_ne!(fs::metadata(data(&dir))?.uid(), 0);
    let cluster = Cluster::start(kept(&dir)).await?;
    assert_eq!(query(&cluster, "SELECT text FROM note").await?, "kept");
    cluster.stop().await?;
    Ok(())
}

#[tokio::test]
async fn as_root_another_users_cluster_stays_theirs() -> anyhow::Result<()> {
    if !is_root("only root can run somebody else's cluster")? {
        return Ok(());
    }
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    let home = dir.join("postgres");
    fs::create_dir_all(&home)?;
    chown(&home, Some(65_534), Some(65_534))?;

    let cluster = Cluster::start(kept(&dir)).await?;
    assert_eq!(query(&cluster, "SELECT 1").await?, "1");
    cluster.stop().await?;

    for entry in fs::read_dir(&home)? {
        let entry = entry?;
        assert_eq!(entry.metadata()?.uid(), 65_534, "{}", entry.path().display());
    }
    Ok(())
}

#[tokio::test]
async fn a_long_path_still_gets_a_socket() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("a long, \"quoted\" name ".repeat(8)).join("and more ".repeat(10));
    let cluster = Cluster::start(Options::temporary(&dir)).await?;

    let url = cluster.superuser_url("postgres");
    let socket = url.split_once("host=").and_then(|(_, host)| host.split_once('&')).map(|(host, _)| host);
    let socket = std::path::PathBuf::from(socket.unwrap_or_default().replace("%2F", "/"));
    assert_eq!(fs::metadata(&socket)?.mode() & 0o777, 0o700);
    assert_eq!(psql(cluster.bin(), &url, "SELECT inet_client_addr() IS NULL").await?, "t");

    cluster.stop().await?;
    assert!(!socket.exists());
    assert!(!dir.exists());
    Ok(())
}

fn is_root(otherwise: &str) -> anyhow::Result<bool> {
    let root = rustix::process::geteuid().is_root();
    if !root {
        writeln!(std::io::stderr(), "skipped: {otherwise}")?;
    }
    Ok(root)
}
