//! gRPC without sockets: a real `Channel` whose connections are pipes in memory.

use axum::Router;
use hyper_util::rt::TokioIo;
use tokio::{io::DuplexStream, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    service::Routes,
    transport::{Channel, Endpoint, Server, Uri},
};
use tower::service_fn;

const PIPE: usize = 64 * 1024;
/// More than streams that nobody reads hold back together, so that each fills its own window and keeps no other waiting.
const WINDOW: u32 = 16 * 1024 * 1024;

/// A channel to these routes. Each connect, the first and any later one, opens a new pipe.
pub fn channel(router: Router) -> Channel {
    let (connections, incoming) = mpsc::channel::<std::io::Result<DuplexStream>>(1);
    let server = Server::builder().add_routes(Routes::from(router));
    #[expect(clippy::disallowed_methods, reason = "ends with the channel, which drops the sending half")]
    tokio::spawn(server.serve_with_incoming(ReceiverStream::new(incoming)));

    let connector = service_fn(move |_: Uri| {
        let connections = connections.clone();
        async move {
            let (client, server) = tokio::io::duplex(PIPE);
            let gone = |_| std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "the server is gone");
            connections.send(Ok(server)).await.map_err(gone)?;
            Ok::<_, std::io::Error>(TokioIo::new(client))
        }
    });
    Endpoint::from_static("http://in.memory")
        .initial_connection_window_size(WINDOW)
        .connect_with_connector_lazy(connector)
}
