//! Connections of clients, HTTP/1 and HTTP/2 on one port.

use std::{io, net::SocketAddr, pin::pin};

use axum::{
    Extension, Router,
    extract::ConnectInfo,
    serve::{Listener as _, ListenerExt as _},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Layer as _;

/// Serves until `stop`, then until the connections have answered what they were asked.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let mut listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let connections = TaskTracker::new();
    while let Some((stream, peer)) = stop.run_until_cancelled(listener.accept()).await {
        connections.spawn(hold(stream, peer, router.clone(), stop.clone()));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn hold(stream: TcpStream, peer: SocketAddr, router: Router, stop: CancellationToken) {
    let Some(Ok(is_http1)) = stop.run_until_cancelled(is_http1(&stream)).await else { return };
    let builder = Builder::new(TokioExecutor::new());
    let builder = if is_http1 { builder.http1_only() } else { builder };
    let service = TowerToHyperService::new(Extension(ConnectInfo(peer)).layer(router));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(error, "a connection broke");
    }
}

/// Whether the first bytes cannot begin HTTP/2 (RFC 9113 §3.4). They are left where they are: a head that is read in two
/// goes makes the buffer of its connection twice as large, for as long as that lives.
async fn is_http1(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; 3];
    let there = stream.peek(&mut first).await?;
    Ok(!b"PRI".starts_with(&first[..there]))
}

#[cfg(test)]
mod tests {
    use axum::{http::Version, routing::get};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn start() -> (SocketAddr, CancellationToken, TaskTracker) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop, tasks) = (listener.local_addr().unwrap(), CancellationToken::new(), TaskTracker::new());
        let told = |version: Version, ConnectInfo(peer): ConnectInfo<SocketAddr>| async move {
            format!("{version:?} from {}", peer.ip())
        };
        tasks.spawn(serve(listener, Router::new().route("/", get(told)), stop.clone()));
        tasks.close();
        (address, stop, tasks)
    }

    #[tokio::test]
    async fn both_versions_are_spoken_on_one_port() {
        let (address, stop, tasks) = start().await;
        for (client, version) in [
            (reqwest::Client::builder(), "HTTP/1.1 from 127.0.0.1"),
            (reqwest::Client::builder().http2_prior_knowledge(), "HTTP/2.0 from 127.0.0.1"),
        ] {
            let answer = client.no_proxy().build().unwrap().get(format!("http://{address}/")).send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), version);
        }
        stop.cancel();
        tasks.wait().await;
    }

    #[tokio::test]
    async fn a_request_may_come_byte_by_byte() {
        let (address, _stop, _tasks) = start().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for byte in b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("HTTP/1.1 from 127.0.0.1"), "{answer}");
    }

    #[tokio::test]
    async fn connections_that_ask_nothing_do_not_delay_the_end() {
        let (address, stop, tasks) = start().await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        let mut kept = TcpStream::connect(address).await.unwrap();
        kept.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        kept.read_exact(&mut answer).await.unwrap();
        stop.cancel();
        tasks.wait().await;
        let mut rest = Vec::new();
        assert_eq!(idle.read_to_end(&mut rest).await.unwrap(), 0);
        kept.read_to_end(&mut rest).await.unwrap();
        assert!(rest.ends_with(b"HTTP/1.1 from 127.0.0.1"));
    }
}
