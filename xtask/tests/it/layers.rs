//! Crates depend downwards only; inside a service, tables and transports do not know each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What each crate of ours may depend on, tests left out.
const MAY_DEPEND_ON: [(&str, &[&str]); 11] = [
    ("proto", &[]),
    ("private-postgres", &[]),
    ("kit", &["proto"]),
    ("auth-service", &["kit", "proto"]),
    ("history-service", &["kit", "proto"]),
    ("gateway", &["kit", "proto"]),
    ("demo-agent", &["kit"]),
    ("testkit", &["kit", "private-postgres", "proto"]),
    ("xtask", &["private-postgres"]),
    ("bench", &["auth-service", "history-service", "kit", "private-postgres", "proto", "testkit"]),
    ("colloquy", &["auth-service", "demo-agent", "gateway", "history-service", "kit", "private-postgres", "proto"]),
];

/// Words that a part of a crate must not use.
const MUST_NOT_MENTION: [(&str, &[&str]); 6] = [
    ("auth-service/src/store", &["proto::", "tonic", "axum"]),
    ("history-service/src/store", &["proto::", "tonic", "axum"]),
    ("auth-service/src/jws", &["proto::", "kit::", "tokio", "reqwest", "sqlx", "::now()"]),
    ("auth-service/src/token", &["::v1", "tonic", "axum", "sqlx"]),
    ("history-service/src/conversation.rs", &["::v1", "tonic", "axum"]),
    ("history-service/src/run", &["::v1", "tonic", "axum"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn crates_depend_downwards_only() {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--locked", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let allowed = BTreeMap::from(MAY_DEPEND_ON);
    let packages = metadata["packages"].as_array().unwrap();
    let names = packages.iter().map(|package| package["name"].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(names, allowed.keys().copied().collect(), "every crate has its line in MAY_DEPEND_ON");

    for package in packages {
        let name = package["name"].as_str().unwrap();
        let dependencies = package["dependencies"].as_array().unwrap();
        for dependency in dependencies.iter().filter(|dependency| dependency["kind"] != "dev") {
            let on = dependency["name"].as_str().unwrap();
            assert!(!names.contains(on) || allowed[name].contains(&on), "{name} must not depend on {on}");
        }
    }
}

#[test]
fn tables_and_transports_do_not_know_each_other() {
    for (part, words) in MUST_NOT_MENTION {
        let path = root().join(part);
        let beside = path.with_extension("rs");
        let files = [path, beside].into_iter().filter(|path| path.exists()).flat_map(|path| rust_files(&path));
        let files = files.collect::<BTreeSet<_>>();
        assert!(!files.is_empty(), "{part} is gone");
        for file in files {
            let source = fs::read_to_string(&file).unwrap();
            for word in words {
                assert!(!source.contains(word), "{} mentions {word}", file.display());
            }
        }
    }
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|entry| rust_files(&entry))
        .filter(|file| file.extension().is_some_and(|ext| ext == "rs"))
        .collect()
}
