//! The contracts as a whole: nothing that a client relies on goes away, nothing is undocumented.

mod compatibility;
mod documentation;

use prost::Message as _;
use prost_types::FileDescriptorSet;

/// Our own files of a set; those of Google keep their own promises.
fn ours(encoded: &[u8]) -> FileDescriptorSet {
    let mut set = FileDescriptorSet::decode(encoded).expect("an encoded descriptor set");
    set.file.retain(|file| file.package().starts_with("colloquy."));
    set
}
