//! Owners, guards and servers that are killed: nothing survives, and the next start copes.

use std::{fs, os::unix::fs::MetadataExt as _, os::unix::fs::chown};

use private_postgres::{Cluster, Error, Options};

use crate::harness::{Owner, data, eventually, guard, kept, kill, postmaster, psql, query, servers};

const WRITE: &str = "CREATE TABLE note AS SELECT 'kept' AS text";
const READ: &str = "SELECT text FROM note";

#[tokio::test]
async fn the_server_stops_in_order_when_its_owner_is_killed() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    let owner = Owner::start(&dir, false).await?;
    assert!(!servers(&dir).is_empty());
    let refusal = Cluster::start(kept(&dir)).await.unwrap_err();
    assert!(matches!(refusal, Error::InUse { pid, .. } if pid == owner.pid()), "{refusal}");

    owner.kill().await?;

    eventually("the server is gone", || servers(&dir).is_empty()).await?;
    let log = fs::read_to_string(dir.join("postgres/server.log"))?;
    assert!(log.trim_end().ends_with("database system is shut down"), "{log}");
    Ok(())
}

#[tokio::test]
async fn the_server_stops_when_the_cluster_is_dropped() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    drop(Cluster::start(kept(&dir)).await?);
    // The next owner need not wait for that.
    let cluster = Cluster::start(kept(&dir)).await?;
    assert_eq!(query(&cluster, "SELECT 1").await?, "1");
    cluster.stop().await?;
    assert!(servers(&dir).is_empty());
    Ok(())
}

#[tokio::test]
async fn a_temporary_cluster_is_gone_with_its_killed_owner() -> anyhow::Result<()> {
    let name = format!("private-postgres-test-{}", std::process::id());
    let dir = std::env::temp_dir().join(name);
    let owner = Owner::start(&dir, true).await?;
    owner.kill().await?;
    eventually("the directory is gone", || !dir.exists()).await
}

#[tokio::test]
async fn a_start_recovers_after_everything_was_killed() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    let owner = Owner::start(&dir, false).await?;
    let cluster_bin = bin_of(&dir)?;
    psql(&cluster_bin, &owner.url, WRITE).await?;
    let postmaster = postmaster(&dir)?;
    kill(guard(postmaster)?)?;
    owner.kill().await?;
    kill(postmaster)?;

    let cluster = Cluster::start(kept(&dir)).await?;
    assert_eq!(query(&cluster, READ).await?, "kept");
    cluster.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_without_owner_and_guard_is_stopped_by_the_next_start() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    let owner = Owner::start(&dir, false).await?;
    psql(&bin_of(&dir)?, &owner.url, WRITE).await?;
    let orphan = postmaster(&dir)?;
    kill(guard(orphan)?)?;
    owner.kill().await?;
    assert!(servers(&dir).contains(&orphan));

    let cluster = Cluster::start(kept(&dir)).await?;
    assert!(!servers(&dir).contains(&orphan));
    assert_eq!(query(&cluster, READ).await?, "kept");
    cluster.stop().await?;
    assert!(servers(&dir).is_empty());
    Ok(())
}

#[tokio::test]
async fn stop_does_without_a_guard() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    let cluster = Cluster::start(kept(&dir)).await?;
    kill(guard(postmaster(&dir)?)?)?;
    cluster.stop().await?;
    assert!(servers(&dir).is_empty());
    Ok(())
}

#[tokio::test]
async fn a_process_id_that_now_belongs_to_another_program_is_left_alone() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    Cluster::start(kept(&dir)).await?.stop().await?;
    let stale = data(&dir).join("postmaster.pid");
    fs::write(&stale, format!("{}\n{}\n0\n5432\n\n\n\nready\n", std::process::id(), data(&dir).display()))?;
    let owner = fs::metadata(data(&dir))?;
    chown(&stale, Some(owner.uid()), Some(owner.gid()))?;

    let cluster = Cluster::start(kept(&dir)).await?;
    assert_eq!(query(&cluster, "SELECT 1").await?, "1");
    cluster.stop().await?;
    Ok(())
}

#[tokio::test]
async fn the_remains_of_an_interrupted_initdb_are_replaced() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let half = temp.path().join("postgres/new/data/base");
    fs::create_dir_all(&half)?;
    fs::write(half.join("1"), "half")?;

    let cluster = Cluster::start(Options::new(temp.path())).await?;
    assert_eq!(query(&cluster, "SELECT 1").await?, "1");
    assert!(!temp.path().join("postgres/new").exists());
    cluster.stop().await?;
    Ok(())
}

/// Where the server of `dir` was started from, for its `psql`.
fn bin_of(dir: &std::path::Path) -> anyhow::Result<std::path::PathBuf> {
    let program = fs::read_link(format!("/proc/{}/exe", postmaster(dir)?))?;
    Ok(program.parent().map(std::path::Path::to_path_buf).unwrap_or_default())
}
