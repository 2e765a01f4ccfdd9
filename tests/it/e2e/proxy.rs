//! A proxy between driftline and an emulator: it refuses actions as AWS refuses them, and remembers every action that was called.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is passed on.
    None,
    /// Refused, as AWS refuses.
    Denied,
    /// "Slower".
    Throttled,
    /// The service has an error of its own.
    Broken,
    /// An answer that is none.
    Malformed,
    /// The credentials are over.
    Expired,
    /// Never answered; the connection stays open.
    Hanging,
    /// The connection is closed without an answer.
    Dropped,
}

/// Decides by action and by how often it was called before.
type Decide = dyn Fn(&str, usize) -> Fault + Send + Sync;

pub(super) struct Proxy {
    pub(super) endpoint: String,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    /// Action and time of every call.
    calls: Mutex<Vec<(String, Instant)>>,
}

impl Proxy {
    /// Listens on a free port in front of `upstream`; calls of the denied IAM actions are refused.
    pub(super) fn in_front_of(upstream: &str, denied: &[&str]) -> Self {
        let denied: Vec<String> = denied.iter().map(|&a| a.to_owned()).collect();
        Self::with(
            upstream,
            move |action, _| if denied.iter().any(|d| d == action) { Fault::Denied } else { Fault::None },
        )
    }

    /// Like [`Self::in_front_of`], but calls of these IAM actions are never answered.
    pub(super) fn never_answering(upstream: &str, hanging: &[&str]) -> Self {
        let hanging: Vec<String> = hanging.iter().map(|&a| a.to_owned()).collect();
        Self::with(
            upstream,
            move |action, _| {
                if hanging.iter().any(|h| h == action) { Fault::Hanging } else { Fault::None }
            },
        )
    }

    /// Every call meets the fault that is decided for it.
    pub(super) fn with(upstream: &str, decide: impl Fn(&str, usize) -> Fault + Send + Sync + 'static) -> Self {
        Self::from_memory(upstream, None, decide)
    }

    /// As [`Self::with`], but the emulator is asked only once for each distinct request: for many scans of a state that does not change.
    pub(super) fn from_memory(
        upstream: &str,
        memory: Option<&Memory>,
        decide: impl Fn(&str, usize) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let upstream = Upstream { address: upstream.trim_start_matches("http://").to_owned(), memory: memory.cloned() };
        let decide: Arc<Decide> = Arc::new(decide);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Log::default());
        let shared = Arc::clone(&log);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, decide, log) = (upstream.clone(), Arc::clone(&decide), Arc::clone(&shared));
                std::thread::spawn(move || serve(stream, &upstream, &*decide, &log));
            }
        });
        Self { endpoint, log }
    }

    /// The IAM actions of all calls so far.
    pub(super) fn called(&self) -> BTreeSet<String> {
        self.calls().into_iter().map(|(action, _)| action).collect()
    }

    /// Every call so far: its IAM action and when it came.
    pub(super) fn calls(&self) -> Vec<(String, Instant)> {
        self.log.calls.lock().unwrap().clone()
    }
}

/// One request per connection: the emulators close theirs as well.
fn serve(mut client: TcpStream, upstream: &Upstream, decide: &Decide, log: &Log) {
    let Some((head, body)) = request(&mut client) else { return };
    let action = action(&head, &body);
    let before = {
        let mut calls = log.calls.lock().unwrap();
        calls.push((action.clone(), Instant::now()));
        calls.iter().filter(|(a, _)| *a == action).count() - 1
    };
    let answer = match decide(&action, before) {
        Fault::None => upstream.ask(&head, &body),
        Fault::Denied => Some(error(403, &action, &head, denial_of(&action))),
        Fault::Throttled => Some(error(400, &action, &head, "ThrottlingException")),
        Fault::Broken => Some(error(500, &action, &head, "InternalError")),
        Fault::Expired => Some(error(400, &action, &head, "ExpiredTokenException")),
        Fault::Malformed => Some(response(200, "text/html", "<html>")),
        Fault::Hanging => {
            // The connection stays open until the client gives up.
            let _ = client.read_to_end(&mut Vec::new());
            None
        }
        Fault::Dropped => None,
    };
    let _ = client.write_all(&answer.unwrap_or_default());
}

/// Answers by request.
pub(super) type Memory = Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>>;

#[derive(Clone)]
struct Upstream {
    address: String,
    memory: Option<Memory>,
}

impl Upstream {
    fn ask(&self, head: &str, body: &[u8]) -> Option<Vec<u8>> {
        let Some(memory) = &self.memory else { return pass_on(&self.address, head, body) };
        // Signature and date make no request distinct.
        let scope = header(head, "authorization").and_then(|a| a.split('/').nth(3)).unwrap_or_default();
        let target = header(head, "x-amz-target").unwrap_or_default();
        let mut key = format!("{} {scope} {target} ", head.lines().next().unwrap_or_default()).into_bytes();
        key.extend_from_slice(body);
        if let Some(known) = memory.lock().unwrap().get(&key) {
            return Some(known.clone());
        }
        let answer = pass_on(&self.address, head, body)?;
        memory.lock().unwrap().insert(key, answer.clone());
        Some(answer)
    }
}

fn pass_on(upstream: &str, head: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).ok()?;
    let kept = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = format!("{}\r\nConnection: close\r\n\r\n", kept.collect::<Vec<_>>().join("\r\n").trim_end());
    server.write_all(head.as_bytes()).and_then(|()| server.write_all(body)).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    Some(answer)
}

/// Head (without the blank line) and body of a request.
fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut chunk) = (Vec::new(), [0_u8; 4096]);
    let end = loop {
        match client.read(&mut chunk).ok()? {
            0 => return None,
            n => bytes.extend_from_slice(&chunk[..n]),
        }
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = header(&head, "content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        match client.read(&mut chunk).ok()? {
            0 => return None,
            n => body.extend_from_slice(&chunk[..n]),
        }
    }
    Some((head, body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n").skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The IAM action of a request. Query services name it in the body; S3's follows from the path and the query.
fn action(head: &str, body: &[u8]) -> String {
    let scope = header(head, "authorization").unwrap_or_default();
    let service = scope.split('/').nth(3).unwrap_or("?").to_owned();
    let body = String::from_utf8_lossy(body);
    if let Some(name) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return format!("{service}:{name}");
    }
    if let Some((_, name)) = header(head, "x-amz-target").and_then(|t| t.rsplit_once('.')) {
        let service = if name == "GetResource" { "cloudformation".into() } else { service };
        return format!("{service}:{name}");
    }
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path.ends_with("/configuration/publicAccessBlock") {
        return "s3:GetAccountPublicAccessBlock".to_owned();
    }
    if path == "/" {
        return "s3:ListAllMyBuckets".to_owned();
    }
    let asked = |key: &str| query.split('&').any(|pair| pair.split('=').next() == Some(key));
    let name = S3.iter().find(|(key, _)| asked(key)).map_or(target, |(_, name)| name);
    format!("s3:{name}")
}

/// What a bucket is asked, and the IAM action that allows it.
const S3: &[(&str, &str)] = &[
    ("abac", "GetBucketAbac"),
    ("accelerate", "GetAccelerateConfiguration"),
    ("acl", "GetBucketAcl"),
    ("analytics", "GetAnalyticsConfiguration"),
    ("cors", "GetBucketCORS"),
    ("encryption", "GetEncryptionConfiguration"),
    ("intelligent-tiering", "GetIntelligentTieringConfiguration"),
    ("inventory", "GetInventoryConfiguration"),
    ("lifecycle", "GetLifecycleConfiguration"),
    ("location", "GetBucketLocation"),
    ("logging", "GetBucketLogging"),
    ("metrics", "GetMetricsConfiguration"),
    ("notification", "GetBucketNotification"),
    ("object-lock", "GetBucketObjectLockConfiguration"),
    ("ownershipControls", "GetBucketOwnershipControls"),
    ("policy", "GetBucketPolicy"),
    ("policyStatus", "GetBucketPolicyStatus"),
    ("publicAccessBlock", "GetBucketPublicAccessBlock"),
    ("replication", "GetReplicationConfiguration"),
    ("tagging", "GetBucketTagging"),
    ("versioning", "GetBucketVersioning"),
    ("website", "GetBucketWebsite"),
];

/// The code by which a service says no.
fn denial_of(action: &str) -> &'static str {
    if action.starts_with("ec2:") { "UnauthorizedOperation" } else { "AccessDenied" }
}

/// An error in the form of the service: JSON, or XML in one of three shapes.
fn error(status: u16, action: &str, head: &str, code: &str) -> Vec<u8> {
    let message = format!("not today: {action}");
    let json = header(head, "x-amz-target").is_some()
        || header(head, "content-type").is_some_and(|t| t.contains("json"))
        || ["lambda:", "apigateway:", "backup:", "scheduler:"].iter().any(|service| action.starts_with(service));
    if json {
        let code = if code == "AccessDenied" { "AccessDeniedException" } else { code };
        return response(
            status,
            "application/x-amz-json-1.1",
            &format!(r#"{{"__type":"{code}","message":"{message}"}}"#),
        );
    }
    let inner = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let text = if action.starts_with("ec2:") {
        format!("<Response><Errors>{inner}</Errors><RequestID>1</RequestID></Response>")
    } else if action.starts_with("s3:") && action != "s3:GetAccountPublicAccessBlock" {
        inner
    } else {
        format!("<ErrorResponse>{inner}<RequestId>1</RequestId></ErrorResponse>")
    };
    response(status, "text/xml", &text)
}

fn response(status: u16, kind: &str, text: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Fault\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
    .into_bytes()
}
