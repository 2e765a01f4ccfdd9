//! What was collected, as a file: gzipped JSON lines, one header and then one record per line. Written by `--record`, judged again by `--snapshot`.

mod value;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Collected, Gap, type_spec};
use crate::model::{Address, Provenance, Resource, Stack, Unknown, World};
use crate::source::Span;

/// The format that is written, and the only one that is read. Anything that changes the meaning of a record raises it.
const FORMAT: u32 = 1;

/// A scan's input: where it looked and what it found.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The accounts that answered, and the regions that were looked at.
    pub accounts: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Whether only some stacks were asked for.
    pub stacks: Option<Vec<String>>,
    /// When it was taken: what ages are reckoned against.
    pub taken: Option<Timestamp>,
    /// What was found.
    pub collected: Collected,
}

/// Why a file cannot be read as a snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It cannot be read at all.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("not a driftline snapshot (line {line}): {why}")]
    Malformed {
        /// The line of the uncompressed text.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Another version wrote it.
    #[error("snapshot format {found}, but this driftline reads format {FORMAT}: record it again with driftline {}", env!("CARGO_PKG_VERSION"))]
    Format {
        /// The file's format.
        found: u32,
    },
    /// The end is missing.
    #[error("the snapshot is cut off after line {line}: record it again")]
    Truncated {
        /// The last whole line.
        line: usize,
    },
}

#[derive(Serialize, Deserialize)]
struct Header {
    driftline_snapshot: u32,
    version: String,
    accounts: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    stacks: Option<Vec<String>>,
    #[serde(default)]
    taken: Option<String>,
}

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Record {
    Stack(Stack),
    Exports {
        account: Arc<str>,
        region: Arc<str>,
        values: BTreeMap<Arc<str>, Arc<str>>,
    },
    Resource {
        kind: Arc<str>,
        address: Address,
        properties: Json,
        attributes: Json,
        cloud_control: bool,
        /// Whether the service owns it, as its collector says.
        service: bool,
    },
    Listed {
        kind: Arc<str>,
        account: Arc<str>,
        region: Arc<str>,
        why_not: Option<Unknown>,
    },
    Gap {
        account: Arc<str>,
        region: Arc<str>,
        action: Arc<str>,
        cause: Arc<str>,
        code: Arc<str>,
        affects: Vec<Arc<str>>,
    },
    /// The last line: without it the file is cut off.
    End {
        missing: Vec<String>,
        interrupted: bool,
    },
}

/// Writes a snapshot. Secrets must have been redacted before.
pub fn write(snapshot: &Snapshot, out: impl Write) -> io::Result<()> {
    let mut out = io::BufWriter::new(GzEncoder::new(out, Compression::fast()));
    let collected = &snapshot.collected;
    line(
        &mut out,
        &Header {
            driftline_snapshot: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            accounts: snapshot.accounts.clone(),
            stacks: snapshot.stacks.clone(),
            taken: snapshot.taken.map(|taken| taken.to_string()),
        },
    )?;
    for stack in &collected.stacks {
        line(&mut out, &Record::Stack(stack.clone()))?;
    }
    for ((account, region), values) in &collected.exports {
        line(&mut out, &Record::Exports { account: account.clone(), region: region.clone(), values: values.clone() })?;
    }
    for r in &collected.resources {
        line(
            &mut out,
            &Record::Resource {
                kind: r.kind.clone(),
                address: r.address.clone(),
                properties: value::encode(&r.properties),
                attributes: value::encode(&r.attributes),
                cloud_control: type_spec(&r.kind).is_none(),
                service: r.provenance == Provenance::Service,
            },
        )?;
    }
    for ((kind, account, region), end) in &collected.listed {
        line(
            &mut out,
            &Record::Listed {
                kind: kind.clone(),
                account: account.clone(),
                region: region.clone(),
                why_not: end.clone().err(),
            },
        )?;
    }
    for gap in &collected.gaps {
        line(
            &mut out,
            &Record::Gap {
                account: gap.account.clone(),
                region: gap.region.clone(),
                action: gap.action.clone(),
                cause: gap.cause.into(),
                code: gap.code.clone(),
                affects: gap.affects.clone(),
            },
        )?;
    }
    line(&mut out, &Record::End { missing: collected.missing.clone(), interrupted: collected.interrupted })?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?.flush()
}

fn line(out: &mut impl Write, record: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.write_all(b"\n")
}

/// Reads a snapshot.
pub fn read(file: impl io::Read) -> Result<Snapshot, SnapshotError> {
    let mut lines = io::BufReader::new(GzDecoder::new(file)).lines().enumerate();
    let malformed = |line: usize, why: String| SnapshotError::Malformed { line: line + 1, why };
    let header = match lines.next() {
        Some((_, Ok(text))) => text,
        Some((_, Err(error))) => return Err(malformed(0, error.to_string())),
        None => return Err(malformed(0, "it is empty".into())),
    };
    let header: Json = serde_json::from_str(&header).map_err(|e| malformed(0, e.to_string()))?;
    match header.get("driftline_snapshot").and_then(Json::as_u64).and_then(|n| u32::try_from(n).ok()) {
        Some(FORMAT) => {}
        Some(found) => return Err(SnapshotError::Format { found }),
        None => return Err(malformed(0, "the first line is no header".into())),
    }
    let header: Header = serde_json::from_value(header).map_err(|e| malformed(0, e.to_string()))?;
    let taken: Result<Option<Timestamp>, _> = header.taken.map(|text| text.parse()).transpose();
    let taken = taken.map_err(|error: jiff::Error| malformed(0, error.to_string()))?;
    let mut snapshot = Snapshot { accounts: header.accounts, stacks: header.stacks, taken, ..Snapshot::default() };
    let mut whole = 1;
    for (number, text) in lines {
        let Ok(text) = text else { break };
        whole = number + 1;
        let record = serde_json::from_str(&text).map_err(|e| malformed(number, e.to_string()))?;
        if take(&mut snapshot.collected, record).map_err(|why| malformed(number, why))? {
            return Ok(snapshot);
        }
    }
    Err(SnapshotError::Truncated { line: whole })
}

/// Takes a record; whether it was the last one.
fn take(into: &mut Collected, record: Record) -> Result<bool, String> {
    match record {
        Record::Stack(stack) => into.stacks.push(stack),
        Record::Exports { account, region, values } => drop(into.exports.insert((account, region), values)),
        Record::Resource { kind, address, properties, attributes, cloud_control, service } => {
            let spec = type_spec(&kind);
            if spec.is_none() && !cloud_control {
                return Err(format!("{kind} is not collected by this version"));
            }
            let world = World::Open { reads: spec.map_or(&[], |t| t.reads) };
            let mut r = Resource::new(kind, address, world, Span::LIVE);
            r.asked = spec.map_or(super::cloud_control::ASKED, |t| t.asked);
            if service {
                r.provenance = Provenance::Service;
            }
            r.properties = value::decode(properties)?;
            r.attributes = value::decode(attributes)?;
            into.resources.push(r);
        }
        Record::Listed { kind, account, region, why_not } => {
            into.listed.insert((kind, account, region), why_not.map_or(Ok(()), Err));
        }
        Record::Gap { account, region, action, cause, code, affects } => {
            let cause = super::answer::cause(&cause).ok_or_else(|| format!("unknown cause {cause}"))?;
            into.gaps.push(Gap { account, region, action, cause, code, affects });
        }
        Record::End { missing, interrupted } => {
            into.missing = missing;
            into.interrupted = interrupted;
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn sample() -> Snapshot {
        let address =
            Address { account: "1".into(), region: "r".into(), physical_id: Some("b".into()), ..Address::default() };
        let reads = type_spec("AWS::S3::Bucket").map_or(&[][..], |t| t.reads);
        let mut bucket = Resource::new("AWS::S3::Bucket", address, World::Open { reads }, Span::LIVE);
        bucket.asked = type_spec("AWS::S3::Bucket").map_or(&[], |t| t.asked);
        bucket.set("BucketName", Kind::Str("b".into()));
        bucket.set("Tags", Kind::Unknown(Unknown::Denied { action: "s3:GetBucketTagging".into() }));
        bucket.provenance = Provenance::Service;
        let gap = Gap {
            account: "1".into(),
            region: "r".into(),
            action: "s3:GetBucketTagging".into(),
            cause: "denied",
            code: "AccessDenied".into(),
            affects: vec!["AWS::S3::Bucket".into()],
        };
        let collected = Collected {
            stacks: vec![Stack { name: "web".into(), original: Some("Resources: {}\n".into()), ..Stack::default() }],
            exports: BTreeMap::from([(("1".into(), "r".into()), BTreeMap::from([("A".into(), "b".into())]))]),
            resources: vec![bucket],
            listed: [(("T".into(), "1".into(), "r".into()), Err(Unknown::NotCollected))].into(),
            gaps: vec![gap],
            ..Collected::default()
        };
        Snapshot {
            accounts: BTreeMap::from([("1".into(), vec!["r".into()])]),
            stacks: None,
            taken: "2026-01-31T12:00:00Z".parse().ok(),
            collected,
        }
    }

    fn written(snapshot: &Snapshot) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(snapshot, &mut bytes).unwrap();
        bytes
    }

    fn zipped(text: &str) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let (before, bytes) = (sample(), written(&sample()));
        let after = read(&bytes[..]).unwrap();
        assert_eq!(after.accounts, before.accounts);
        assert_eq!(after.collected.stacks, before.collected.stacks);
        assert_eq!(after.collected.exports, before.collected.exports);
        assert_eq!(after.collected.resources, before.collected.resources);
        assert_eq!(after.collected.listed, before.collected.listed);
        assert_eq!(after.collected.gaps, before.collected.gaps);
        assert_eq!(bytes, written(&after), "the same state, the same bytes");
    }

    #[test]
    fn other_versions_and_other_files_are_refused_clearly() {
        let message = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(
            message(&zipped("{\"driftline_snapshot\": 7}\n"))
                .starts_with("snapshot format 7, but this driftline reads format 1")
        );
        assert!(message(&zipped("{\"a\": 1}\n")).contains("the first line is no header"));
        assert!(message(b"Resources: {}").contains("not a driftline snapshot"));
        let bytes = written(&sample());
        assert!(message(&bytes[..bytes.len() - 20]).contains("cut off"));
    }
}
