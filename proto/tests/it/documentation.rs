//! Every service, method, message, field, enum and value says what it is.

use std::collections::BTreeSet;

use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};

use super::ours;

/// The elements of a file: their path in `SourceCodeInfo` and their name.
fn elements(file: &FileDescriptorProto) -> Vec<(Vec<i32>, String)> {
    // Field numbers of FileDescriptorProto, DescriptorProto, EnumDescriptorProto and ServiceDescriptorProto.
    const MESSAGE: i32 = 4;
    const ENUM: i32 = 5;
    const SERVICE: i32 = 6;
    const METHOD: i32 = 2;
    let mut found = Vec::new();
    for (message, at) in file.message_type.iter().zip(0..) {
        message_elements(&[MESSAGE, at], message, &mut found);
    }
    for (enumeration, at) in file.enum_type.iter().zip(0..) {
        enum_elements(&[ENUM, at], enumeration, &mut found);
    }
    for (service, at) in file.service.iter().zip(0..) {
        found.push((vec![SERVICE, at], service.name().to_owned()));
        for (method, inner) in service.method.iter().zip(0..) {
            found.push((vec![SERVICE, at, METHOD, inner], format!("{}/{}", service.name(), method.name())));
        }
    }
    found
}

fn message_elements(path: &[i32], message: &DescriptorProto, found: &mut Vec<(Vec<i32>, String)>) {
    const FIELD: i32 = 2;
    const NESTED: i32 = 3;
    const ENUM: i32 = 4;
    found.push((path.to_vec(), message.name().to_owned()));
    for (field, at) in message.field.iter().zip(0..) {
        found.push(([path, &[FIELD, at]].concat(), format!("{}.{}", message.name(), field.name())));
    }
    for (nested, at) in message.nested_type.iter().zip(0..) {
        message_elements(&[path, &[NESTED, at]].concat(), nested, found);
    }
    for (enumeration, at) in message.enum_type.iter().zip(0..) {
        enum_elements(&[path, &[ENUM, at]].concat(), enumeration, found);
    }
}

fn enum_elements(path: &[i32], enumeration: &EnumDescriptorProto, found: &mut Vec<(Vec<i32>, String)>) {
    const VALUE: i32 = 2;
    found.push((path.to_vec(), enumeration.name().to_owned()));
    for (value, at) in enumeration.value.iter().zip(0..) {
        found.push(([path, &[VALUE, at]].concat(), value.name().to_owned()));
    }
}

#[test]
fn everything_is_documented() {
    for file in &ours(proto::FILE_DESCRIPTOR_SET).file {
        let locations = file.source_code_info.iter().flat_map(|info| &info.location);
        let documented =
            locations.filter(|at| !at.leading_comments().is_empty()).map(|at| &at.path).collect::<BTreeSet<_>>();
        let elements = elements(file);
        assert!(!elements.is_empty(), "{} is empty", file.name());
        for (path, name) in elements {
            assert!(documented.contains(&path), "{}: {name} has no comment", file.name());
        }
    }
}
