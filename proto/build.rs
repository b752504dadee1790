//! Compiles the `.proto` files, without `protoc`, into code and a descriptor set.

use std::path::{Path, PathBuf};

use prost::Message as _;

#[expect(clippy::disallowed_methods, reason = "how cargo talks to a build script")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=colloquy");
    let mut files = Vec::new();
    collect(Path::new("colloquy"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new(["."])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(&files)?;
    let described = compiler.file_descriptor_set();
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("colloquy.binpb"), described.encode_to_vec())?;

    tonic_prost_build::configure().compile_fds(described)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
