//! Connection URLs as libpq, sqlx and node-postgres read them.

use std::{fmt::Write as _, path::Path};

/// A URL over the unix socket in `socket` when there is one, over loopback TCP otherwise.
pub(crate) fn connection(role: &str, password: &str, database: &str, port: u16, socket: Option<&Path>) -> String {
    let (role, password, database) = (encode(role), encode(password), encode(database));
    match socket.and_then(Path::to_str) {
        Some(dir) => format!("postgres://{role}:{password}@localhost/{database}?host={}&port={port}", encode(dir)),
        None => format!("postgres://{role}:{password}@127.0.0.1:{port}/{database}?sslmode=disable"),
    }
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes any text");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_characters_are_encoded() {
        assert_eq!(
            connection("a b", "p@:/?#%ß", "d", 5432, Some(Path::new("/x y/s"))),
            "postgres://a%20b:p%40%3A%2F%3F%23%25%C3%9F@localhost/d?host=%2Fx%20y%2Fs&port=5432"
        );
        assert_eq!(connection("a", "p", "d", 1, None), "postgres://a:p@127.0.0.1:1/d?sslmode=disable");
    }
}
