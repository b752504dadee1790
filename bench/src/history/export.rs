//! What an export of very much takes, above all in memory.

use std::{fs, time::Instant};

use anyhow::Context as _;
use kit::{caller::UserId, client};
use prost::Message as _;
use proto::history::v1::{self as pb, export_user_response::Record, privacy_service_client::PrivacyServiceClient};

use super::{Subject, calls::acting, data};
use crate::stack::SERVICE_KEY;

const LARGEST: usize = 64 * 1024 * 1024;
const MIB: u64 = 1024 * 1024;

/// Everything of the user with 100,000 messages.
pub(super) async fn run(large: &Subject) -> anyhow::Result<()> {
    let transport = client::connect(&large.service.url, &SERVICE_KEY.into())?;
    let mut client = PrivacyServiceClient::new(transport).max_decoding_message_size(LARGEST);
    let before = resident(large)?;
    let began = Instant::now();
    let (mut most, mut bytes, mut records) = (before, 0, 0_u64);
    let request = pb::ExportUserRequest::default();
    let mut export = client.export_user(acting(UserId(data::user(1)), request)).await?.into_inner();
    let mut completed = None;
    while let Some(told) = export.message().await? {
        bytes += told.encoded_len() as u64;
        records += 1;
        if records % 2_000 == 0 {
            most = most.max(resident(large)?);
        }
        if let Some(Record::Completed(counts)) = told.record {
            completed = Some(counts);
        }
    }
    let counts = completed.and_then(|completed| completed.counts).context("an export that was cut")?;
    println!(
        "\nExport of {} messages in {} conversations, {} MiB, in {:.1} s: the service had {} MiB before and {} MiB at most",
        counts.messages,
        counts.conversations,
        bytes / MIB,
        began.elapsed().as_secs_f64(),
        before / MIB,
        most / MIB,
    );
    Ok(())
}

/// The memory of the service (proc(5)).
fn resident(large: &Subject) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", large.service.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a size")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}
