//! A cluster that nobody disturbs, and clear words where one cannot be had.

use std::{fs, net::TcpListener, path::PathBuf, sync::Arc, sync::Mutex};

use private_postgres::{Cluster, Error, Options, Step};

use crate::harness::{data, kept, kill, postmaster, psql, query, servers};

#[tokio::test]
async fn it_answers_over_the_socket_and_over_loopback_only_with_the_password() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let cluster = Cluster::start(Options::temporary(temp.path().join("d"))).await?;

    assert!(cluster.superuser_url("postgres").contains("host=%2F"), "{}", cluster.superuser_url("postgres"));
    assert_eq!(query(&cluster, "SELECT inet_client_addr() IS NULL, current_user").await?, "t|postgres");
    query(&cluster, "CREATE ROLE app LOGIN PASSWORD 'a:b@c/d'").await?;
    let tcp = cluster.tcp_url("app", "a:b@c/d", "postgres");
    assert_eq!(psql(cluster.bin(), &tcp, "SELECT host(inet_client_addr()), current_user").await?, "127.0.0.1|app");
    for url in [cluster.tcp_url("app", "wrong", "postgres"), cluster.url("app", "wrong", "postgres")] {
        let refusal = psql(cluster.bin(), &url, "SELECT 1").await.unwrap_err().to_string();
        assert!(refusal.contains("password authentication failed"), "{refusal}");
    }
    let settings = "SELECT current_setting('listen_addresses'), current_setting('server_encoding'), \
                    current_setting('port'), substr(rolpassword, 1, 13) FROM pg_authid WHERE rolname = 'app'";
    let expected = format!("127.0.0.1|UTF8|{}|SCRAM-SHA-256", cluster.port());
    assert_eq!(query(&cluster, settings).await?, expected);

    cluster.stop().await?;
    Ok(())
}

#[tokio::test]
async fn data_and_password_survive_a_restart() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    let steps = Arc::new(Mutex::new(Vec::new()));
    let options = || {
        let steps = Arc::clone(&steps);
        Options { progress: Arc::new(move |step| steps.lock().unwrap().push(step)), ..kept(&dir) }
    };
    let cluster = Cluster::start(options()).await?;
    query(&cluster, "CREATE TABLE note AS SELECT 'kept' AS text").await?;
    cluster.stop().await?;
    assert!(servers(&dir).is_empty());

    let cluster = Cluster::start(options()).await?;
    assert_eq!(query(&cluster, "SELECT text FROM note").await?, "kept");
    cluster.stop().await?;

    let steps = steps.lock().unwrap();
    assert!(matches!(steps[..], [Step::Creating { .. }, Step::Starting { .. }, Step::Starting { .. }]), "{steps:?}");
    Ok(())
}

#[tokio::test]
async fn a_second_owner_is_refused_and_told_who_the_first_one_is() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    let cluster = Cluster::start(kept(&dir)).await?;

    let refusal = Cluster::start(kept(&dir)).await.unwrap_err();
    assert!(matches!(refusal, Error::InUse { pid: Some(pid), .. } if pid == std::process::id()), "{refusal}");
    assert_eq!(query(&cluster, "SELECT 1").await?, "1");

    cluster.stop().await?;
    Ok(())
}

#[tokio::test]
async fn two_clusters_run_side_by_side() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let start = |name| Cluster::start(Options::temporary(temp.path().join(name)));
    let (one, two) = tokio::try_join!(start("one"), start("two"))?;

    assert_ne!(one.port(), two.port());
    query(&one, "CREATE TABLE only_here ()").await?;
    assert_eq!(query(&two, "SELECT to_regclass('only_here') IS NULL").await?, "t");

    one.stop().await?;
    assert_eq!(query(&two, "SELECT 1").await?, "1");
    two.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let taken = TcpListener::bind(("127.0.0.1", 0))?;
    let wanted = taken.local_addr()?.port();
    let options = || Options { port: wanted, ..kept(&temp.path().join("d")) };

    let refusal = Cluster::start(options()).await.unwrap_err();
    assert!(matches!(refusal, Error::PortInUse { port } if port == wanted), "{refusal}");

    drop(taken);
    let cluster = Cluster::start(options()).await?;
    assert_eq!(cluster.port(), wanted);
    cluster.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_does_not_start_leaves_its_last_words_in_the_error() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let settings = vec![("shared_buffers".to_owned(), "nonsense".to_owned())];
    let options = Options { settings, ..Options::temporary(temp.path().join("d")) };
    let refusal = Cluster::start(options).await.unwrap_err();
    assert!(matches!(&refusal, Error::NotStarted { log } if log.contains("shared_buffers")), "{refusal}");
    Ok(())
}

#[tokio::test]
async fn a_directory_without_postgresql_is_refused_as_pg_bin() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let options = Options { bin: Some(PathBuf::from("/usr/share")), ..Options::new(temp.path()) };
    let refusal = Cluster::start(options).await.unwrap_err();
    assert_eq!(refusal.to_string(), "PG_BIN /usr/share has no initdb and postgres");
    Ok(())
}

#[tokio::test]
async fn a_cluster_of_another_version_is_told_from_the_binaries() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let cluster = Cluster::start(kept(temp.path())).await?;
    let bin = Some(cluster.bin().to_path_buf());
    cluster.stop().await?;
    fs::write(data(temp.path()).join("PG_VERSION"), "13\n")?;

    let refusal = Cluster::start(Options { bin, ..kept(temp.path()) }).await.unwrap_err();
    assert!(refusal.to_string().ends_with("was made by PostgreSQL 13"), "{refusal}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_dies_is_reported_and_can_be_started_again() -> anyhow::Result<()> {
    let temp = tempfile::tempdir()?;
    let dir = temp.path().join("d");
    let mut cluster = Cluster::start(kept(&dir)).await?;
    kill(postmaster(&dir)?)?;
    let reason = cluster.ended().await;
    assert!(matches!(reason, Error::Ended { .. }), "{reason}");
    cluster.stop().await?;
    assert!(servers(&dir).is_empty());

    Cluster::start(kept(&dir)).await?.stop().await?;
    Ok(())
}
