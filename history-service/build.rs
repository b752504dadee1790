//! New migrations change no Rust file, so cargo has to be told.

fn main() {
    println!("cargo::rerun-if-changed=../migrations/history");
}
