//! A client that costs next to nothing, so that what it measures is the other side.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use url::Url;

/// One connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// A GET request, ready to be sent again and again.
#[derive(Debug, Clone)]
pub(crate) struct Get(Vec<u8>);

impl Get {
    pub(crate) fn new(path: &str, token: Option<&str>) -> Self {
        let authorization = token.map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"));
        Self(format!("GET {path} HTTP/1.1\r\nhost: gateway\r\n{authorization}\r\n").into_bytes())
    }
}

impl Connection {
    pub(crate) async fn open(server: &Url) -> anyhow::Result<Self> {
        let address = *server.socket_addrs(|| None)?.first().context("an address")?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: vec![0; 64 * 1024] })
    }

    /// How long an answer took that must be 200.
    pub(crate) async fn ask(&mut self, get: &Get) -> anyhow::Result<Duration> {
        let began = Instant::now();
        self.stream.write_all(&get.0).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.answer[filled..]).await?;
            ensure!(read > 0, "the connection ended early");
            filled += read;
            if is_whole(&self.answer[..filled])? {
                break;
            }
        }
        let elapsed = began.elapsed();
        let status = self.answer.get(9..12);
        ensure!(status == Some(b"200"), "{}", String::from_utf8_lossy(&self.answer[..filled]));
        Ok(elapsed)
    }

    /// The body of an answer that closes the connection.
    pub(crate) async fn read(server: &Url, path: &str) -> anyhow::Result<String> {
        let mut connection = Self::open(server).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n");
        connection.stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

/// Whether header and body are there. Every answer that is measured tells its length.
fn is_whole(answer: &[u8]) -> anyhow::Result<bool> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(false) };
    let head = std::str::from_utf8(&answer[..end])?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).context("a length")?;
    Ok(answer.len() >= end + 4 + length.trim().parse::<usize>()?)
}
