//! Everything in `baseline.binpb` is still there, with the same numbers, types and shapes.
//!
//! The baseline is replaced on purpose only: `cargo xtask proto-baseline`.

use std::collections::BTreeMap;

use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

use super::ours;

/// What clients rely on, as `path -> shape`.
fn promises(set: &FileDescriptorSet) -> BTreeMap<String, String> {
    let mut promises = BTreeMap::new();
    for file in &set.file {
        let package = file.package();
        for message in &file.message_type {
            message_promises(package, message, &mut promises);
        }
        for enumeration in &file.enum_type {
            enum_promises(package, enumeration, &mut promises);
        }
        for service in &file.service {
            for method in &service.method {
                let shape = format!(
                    "{}{} -> {}{}",
                    if method.client_streaming() { "stream " } else { "" },
                    method.input_type(),
                    if method.server_streaming() { "stream " } else { "" },
                    method.output_type()
                );
                promises.insert(format!("{package}.{}/{}", service.name(), method.name()), shape);
            }
        }
    }
    promises
}

fn message_promises(scope: &str, message: &DescriptorProto, promises: &mut BTreeMap<String, String>) {
    let scope = format!("{scope}.{}", message.name());
    for field in &message.field {
        let shape = format!(
            "{} {:?} {:?} {} optional={} oneof={:?}",
            field.number(),
            field.label(),
            field.r#type(),
            field.type_name(),
            field.proto3_optional(),
            field.oneof_index.filter(|_| !field.proto3_optional()),
        );
        promises.insert(format!("{scope}.{}", field.name()), shape);
    }
    for nested in &message.nested_type {
        message_promises(&scope, nested, promises);
    }
    for enumeration in &message.enum_type {
        enum_promises(&scope, enumeration, promises);
    }
}

fn enum_promises(scope: &str, enumeration: &EnumDescriptorProto, promises: &mut BTreeMap<String, String>) {
    for value in &enumeration.value {
        promises.insert(format!("{scope}.{}.{}", enumeration.name(), value.name()), value.number().to_string());
    }
}

/// The promises of `old` that `new` breaks.
fn broken(old: &FileDescriptorSet, new: &FileDescriptorSet) -> Vec<String> {
    let now = promises(new);
    let breaks = |(path, shape): (String, String)| match now.get(&path) {
        Some(same) if *same == shape => None,
        Some(other) => Some(format!("{path}: was {shape}, is {other}")),
        None => Some(format!("{path}: was {shape}, is gone")),
    };
    promises(old).into_iter().filter_map(breaks).collect()
}

#[test]
fn every_promise_of_the_baseline_is_kept() {
    let baseline = ours(include_bytes!("../../baseline.binpb"));
    let broken = broken(&baseline, &ours(proto::FILE_DESCRIPTOR_SET));
    assert!(broken.is_empty(), "incompatible changes; add a v2 package instead:\n{}", broken.join("\n"));
}

#[test]
fn a_renumbered_field_and_a_removed_method_are_noticed() {
    let old = ours(proto::FILE_DESCRIPTOR_SET);
    let mut new = old.clone();
    let file = new.file.iter_mut().find(|file| file.name().ends_with("user.proto")).unwrap();
    file.message_type[0].field[0].number = Some(99);
    let file = new.file.iter_mut().find(|file| file.name().ends_with("run_service.proto")).unwrap();
    file.service[0].method.remove(0);
    let broken = broken(&old, &new);
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(broken[0].starts_with("colloquy.auth.v1.User.id: was 1 "));
    assert!(broken[1].starts_with("colloquy.history.v1.RunService/StartRun: "));
}
