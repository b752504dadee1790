//! Whether anybody listens where a database should be.

use std::{io, time::Duration};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    net::{TcpStream, UnixStream},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(1);

/// The refusal of a server that is not there; none from one that may just be slow.
pub(super) async fn refusal(options: &PgConnectOptions) -> Option<io::Error> {
    let knock = async {
        match options.get_socket() {
            Some(folder) => {
                UnixStream::connect(folder.join(format!(".s.PGSQL.{}", options.get_port()))).await.map(drop)
            }
            None => TcpStream::connect((options.get_host(), options.get_port())).await.map(drop),
        }
    };
    timeout(PATIENCE, knock).await.ok()?.err()
}
