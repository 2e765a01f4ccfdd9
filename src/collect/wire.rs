//! The wire: every HTTP request of a scan passes here, retries included.
//!
//! The connector waits for its turn, counts the request, reads the whole answer, and tells the limiter of a throttle. What a
//! request is for comes with the task that makes it: [`Call`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tokio::time::Instant;

use super::answer::THROTTLED;
use super::calls::Calls;
use super::limiter::{Limiter, Scope};

/// How long one request may take from the moment it is sent until its answer is read.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Failures to reach a host, one after the other, after which nobody tries for [`PAUSE`].
const FAILURES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(30);

/// What a request is made for.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) limiter: Arc<Limiter>,
    pub(super) calls: Arc<Calls>,
    pub(super) scope: Scope,
    /// Where the text of the answer goes, if somebody wants it.
    pub(super) body: Option<Text>,
}

/// The text of an answer.
pub(super) type Text = Arc<Mutex<Vec<u8>>>;

tokio::task_local! {
    static CALL: Call;
}

impl Call {
    /// Makes a call; its requests know what they are for.
    pub(super) async fn make<T>(self, call: impl Future<Output = T>) -> T {
        CALL.scope(self, call).await
    }
}

/// The connector of a scan.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    inner: SharedHttpConnector,
    hosts: Arc<Mutex<HashMap<String, Host>>>,
}

/// Whether a host can be reached.
#[derive(Clone, Copy, Debug)]
struct Host {
    failures: u32,
    retry: Instant,
}

impl Wire {
    /// Guards a connector.
    pub(super) fn new(inner: SharedHttpConnector) -> Self {
        Self { inner, hosts: Arc::default() }
    }

    async fn send(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let host = host(request.uri()).to_owned();
        if self.unreachable(&host) {
            return Err(ConnectorError::other(format!("{host} cannot be reached").into(), None));
        }
        let sent = async {
            let answer = self.inner.call(request).await?;
            buffered(answer).await
        };
        let outcome = tokio::time::timeout(TIMEOUT, sent)
            .await
            .unwrap_or_else(|elapsed| Err(ConnectorError::timeout(elapsed.into())));
        self.remember(host, outcome.is_ok());
        outcome
    }

    fn unreachable(&self, host: &str) -> bool {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.get(host).is_some_and(|h| h.failures >= FAILURES && Instant::now() < h.retry)
    }

    fn remember(&self, host: String, reached: bool) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if reached {
            hosts.remove(&host);
        } else {
            let retry = Instant::now() + PAUSE;
            let known = hosts.entry(host).or_insert(Host { failures: 0, retry });
            *known = Host { failures: known.failures + 1, retry };
        }
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        let call = CALL.try_with(Clone::clone).ok();
        HttpConnectorFuture::new(async move {
            // Signing in, assuming roles: not part of the scan's budget.
            let Some(call) = call else { return wire.send(request).await };
            let permit = call.limiter.admit(&call.scope).await;
            call.calls.count(call.scope.action);
            let outcome = wire.send(request).await;
            drop(permit);
            if let Ok(answer) = &outcome {
                let text = answer.body().bytes().unwrap_or_default();
                if throttled(answer.status().as_u16(), text) {
                    call.limiter.throttled(&call.scope);
                    call.calls.throttle();
                } else if let Some(slot) = &call.body {
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = text.to_vec();
                }
            }
            outcome
        })
    }
}

/// The answer with its whole body read.
async fn buffered(mut answer: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
    let bytes = ByteStream::new(body).collect().await.map_err(|e| ConnectorError::io(e.into()))?.into_bytes();
    *answer.body_mut() = SdkBody::from(bytes);
    Ok(answer)
}

fn host(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

/// Whether an answer says "slower". Error codes stand near the start of the body, or in a header that repeats it.
fn throttled(status: u16, body: &[u8]) -> bool {
    if status < 400 {
        return false;
    }
    let start = String::from_utf8_lossy(body.get(..body.len().min(2048)).unwrap_or_default());
    status == 429 || THROTTLED.iter().any(|code| start.contains(code))
}
