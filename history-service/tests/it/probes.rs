//! Probes tell about the process and leave the database asleep.

use testkit::Proxy;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use crate::world::{World, config};

/// More rounds than a start could open connections.
const PATIENCE: usize = 50;

#[tokio::test]
async fn probes_and_metrics_open_no_connection_to_the_database() {
    let world = World::new().await;
    let proxy = Proxy::start().await;
    let config = config(proxy.service_url(&world.database));
    let listeners = kit::server::Listeners::bind(config.options.listen, config.options.admin_listen).await.unwrap();
    let admin = listeners.admin.local_addr().unwrap();
    let probing = async {
        while !get(admin, "/readyz").await.starts_with("HTTP/1.1 200 ") {}
        // What the service asks the database at its start opens a few connections meanwhile, and then no more.
        for _ in 0..PATIENCE {
            let before = proxy.opened();
            for path in ["/readyz", "/livez", "/metrics"].repeat(5) {
                let answer = get(admin, path).await;
                assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
            }
            if proxy.opened() == before {
                return;
            }
        }
        panic!("probes went on opening connections");
    };
    tokio::select! {
        served = history_service::serve(config, listeners, CancellationToken::new()) => panic!("{served:?}"),
        () = probing => {}
    }
}

async fn get(admin: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(admin).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}
