//! No request ever leaves for an address that a token names.

use std::{
    io::ErrorKind,
    net::{TcpListener, TcpStream},
};

use serde_json::json;

use super::Scene;

#[tokio::test]
async fn nobody_is_asked_whom_a_token_names() {
    let (scene, service) = Scene::set().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/jwks");
    let good = &scene.good;
    let header = |name: &str, value: serde_json::Value| good.clone().header(name, value).sign();
    let claim = |name: &str, value: serde_json::Value| good.clone().claim(name, value).sign();
    for token in [
        header("jku", json!(url)),
        header("x5u", json!(url)),
        header("kid", json!(url)),
        header("x5t", json!(url)),
        header("iss", json!(url)),
        header("jwk", json!({ "kty": "RSA", "x5u": url })),
        header("crit", json!([url])),
        claim("iss", json!(url)),
        claim("iss", json!(format!("http://{address}"))),
        claim("iss", json!(format!("{}@{address}", scene.issuer.origin()))),
        claim("aud", json!(url)),
        claim("jku", json!(url)),
        claim("jwks_uri", json!(url)),
        claim("image", json!(url)),
        claim("sub", json!(url)),
        claim("_claim_sources", json!({ "src1": { "endpoint": url } })),
        claim("sid", json!(url)),
    ] {
        // Some are good tokens: what they name is nobody's matter.
        let _ = service.verify(&token).await;
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody came");
    let _knock = TcpStream::connect(address).unwrap();
    assert!(listener.accept().is_ok(), "whoever comes is noticed");
}
