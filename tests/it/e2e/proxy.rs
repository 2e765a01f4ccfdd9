//! A proxy between driftline and an emulator: it refuses actions as AWS refuses them, and remembers every action that was called.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub(super) struct Proxy {
    pub(super) endpoint: String,
    called: Arc<Mutex<BTreeSet<String>>>,
}

impl Proxy {
    /// Listens on a free port in front of `upstream`; calls of the denied IAM actions are refused.
    pub(super) fn in_front_of(upstream: &str, denied: &[&str]) -> Self {
        Self::start(upstream, denied, &[])
    }

    /// Like [`Self::in_front_of`], but calls of these IAM actions are never answered.
    pub(super) fn never_answering(upstream: &str, hanging: &[&str]) -> Self {
        Self::start(upstream, &[], hanging)
    }

    fn start(upstream: &str, denied: &[&str], hanging: &[&str]) -> Self {
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let owned = |actions: &[&str]| actions.iter().map(|&a| a.to_owned()).collect();
        let faults = Arc::new(Faults { denied: owned(denied), hanging: owned(hanging) });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let called: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let log = Arc::clone(&called);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (upstream, faults, log) = (upstream.clone(), Arc::clone(&faults), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &upstream, &faults, &log));
            }
        });
        Self { endpoint, called }
    }

    /// The IAM actions of all calls so far.
    pub(super) fn called(&self) -> BTreeSet<String> {
        self.called.lock().unwrap().clone()
    }
}

/// What goes wrong on purpose, by IAM action.
struct Faults {
    denied: Vec<String>,
    hanging: Vec<String>,
}

/// One request per connection: the emulators close theirs as well.
fn serve(mut client: TcpStream, upstream: &str, faults: &Faults, log: &Mutex<BTreeSet<String>>) {
    let Some((head, body)) = request(&mut client) else { return };
    let action = action(&head, &body);
    log.lock().unwrap().insert(action.clone());
    if faults.hanging.contains(&action) {
        // The connection stays open until the client gives up.
        let _ = client.read_to_end(&mut Vec::new());
        return;
    }
    if faults.denied.contains(&action) {
        let text = refusal(&action);
        let answer = format!(
            "HTTP/1.1 403 Forbidden\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        );
        let _ = client.write_all(answer.as_bytes());
        return;
    }
    let Ok(mut server) = TcpStream::connect(upstream) else { return };
    let kept = head.split("\r\n").filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head = format!("{}\r\nConnection: close\r\n\r\n", kept.collect::<Vec<_>>().join("\r\n").trim_end());
    if server.write_all(head.as_bytes()).and_then(|()| server.write_all(&body)).is_err() {
        return;
    }
    let mut answer = Vec::new();
    if server.read_to_end(&mut answer).is_ok() {
        let _ = client.write_all(&answer);
    }
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
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let asked = |key: &str| query.split('&').any(|pair| pair.split('=').next() == Some(key));
    let name = if path.ends_with("/configuration/publicAccessBlock") {
        "GetAccountPublicAccessBlock"
    } else if path == "/" {
        "ListAllMyBuckets"
    } else if asked("encryption") {
        "GetEncryptionConfiguration"
    } else if asked("versioning") {
        "GetBucketVersioning"
    } else if asked("publicAccessBlock") {
        "GetBucketPublicAccessBlock"
    } else if asked("tagging") {
        "GetBucketTagging"
    } else if asked("location") {
        "GetBucketLocation"
    } else {
        return format!("s3:{target}");
    };
    format!("s3:{name}")
}

/// How a service says no: EC2 and S3 in shapes of their own, the query services and S3 Control in theirs.
fn refusal(action: &str) -> String {
    let message = format!("User: arn:aws:iam::123456789012:user/test is not authorized to perform: {action}");
    if action.starts_with("ec2:") {
        return format!(
            "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>{message}</Message></Error></Errors><RequestID>1</RequestID></Response>"
        );
    }
    if action.starts_with("s3:") && action != "s3:GetAccountPublicAccessBlock" {
        return format!("<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>");
    }
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    )
}
