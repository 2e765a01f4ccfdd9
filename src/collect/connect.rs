//! The way to an account: credentials, identity, partition, regions, and one HTTP client for everything.

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;

use super::answer::in_words;
use super::regions;
use super::wire::Wire;

/// How to reach an account.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The AWS named profile.
    pub profile: Option<String>,
    /// Regions, or `all`; empty for the configured one.
    pub regions: Vec<String>,
    /// Regions to leave out.
    pub exclude_regions: Vec<String>,
    /// Where to send requests instead of AWS.
    pub endpoint_url: Option<String>,
    /// An access key and its secret, instead of what the environment holds.
    pub keys: Option<(String, String)>,
}

/// A role to assume in an account that is scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// The external id that it wants.
    pub external_id: Option<String>,
    /// The regions of this account, where they are not those of all.
    pub regions: Vec<String>,
}

/// Credentials and settings, before anybody knows whose account they open.
#[derive(Clone, Debug)]
pub struct Base {
    pub(super) config: SdkConfig,
    options: Options,
}

/// An account that answers.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Twelve digits.
    pub account: Arc<str>,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: Arc<str>,
    /// The ARN that AWS knows us by.
    pub identity: String,
    /// The regions to scan, sorted.
    pub regions: Vec<Arc<str>>,
    /// Client configuration; its region is where global services are asked.
    pub config: SdkConfig,
}

/// Why an account cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody said which region.
    #[error("no region is configured: give --region, set AWS_REGION or configure one in the AWS profile")]
    NoRegion,
    /// There is no such region.
    #[error("there is no region {name}{}", .suggestion.as_ref().map(|s| format!("; did you mean {s}?")).unwrap_or_default())]
    UnknownRegion {
        /// What was asked for.
        name: String,
        /// A region with a similar name.
        suggestion: Option<String>,
    },
    /// The account has not opted in to a region.
    #[error("region {0} is not enabled in this account")]
    RegionDisabled(String),
    /// An endpoint that is set to nothing.
    #[error("{0} is empty: unset it, or give an address")]
    EmptyEndpoint(String),
    /// `--region all`, but the account's regions cannot be listed.
    #[error("failed to list the enabled regions (ec2:DescribeRegions): {0}")]
    Regions(String),
    /// The organization's accounts cannot be listed.
    #[error("failed to list the accounts of the organization (organizations:ListAccounts): {0}")]
    Organization(String),
    /// All accounts were excluded.
    #[error("no account is left to scan")]
    NoAccount,
    /// All regions were excluded.
    #[error("--exclude-region leaves no region to scan")]
    NothingLeft,
    /// No credentials, or AWS does not take them.
    #[error("failed to identify the account (sts:GetCallerIdentity in {region}): {why}")]
    Identity {
        /// Where AWS was asked.
        region: String,
        /// AWS's error code, or ours.
        code: Arc<str>,
        /// What went wrong.
        why: String,
    },
}

impl Base {
    /// Finds credentials and settings. Nothing is asked yet.
    pub async fn load(options: &Options) -> Result<Self, ConnectError> {
        // The SDK would take an empty address for one and panic.
        let empty = std::env::vars().find(|(name, value)| name.starts_with("AWS_ENDPOINT_URL") && value.is_empty());
        if let Some((name, _)) = empty {
            return Err(ConnectError::EmptyEndpoint(name));
        }
        if options.endpoint_url.as_deref() == Some("") {
            return Err(ConnectError::EmptyEndpoint("--endpoint-url".into()));
        }
        Ok(Self { config: load(options).await?, options: options.clone() })
    }

    /// The account that the credentials belong to.
    pub async fn own(&self) -> Result<Connection, ConnectError> {
        self.connect(self.config.clone(), &self.options.regions).await
    }

    /// The account of a role. Its credentials renew themselves while the scan lasts.
    pub async fn assume(&self, role: &Role) -> Result<Connection, ConnectError> {
        let mut assume = AssumeRoleProvider::builder(&role.arn).session_name("driftline").configure(&self.config);
        if let Some(id) = &role.external_id {
            assume = assume.external_id(id);
        }
        let provider = SharedCredentialsProvider::new(assume.build().await);
        let config = self.config.clone().into_builder().credentials_provider(provider).build();
        self.connect(config, if role.regions.is_empty() { &self.options.regions } else { &role.regions }).await
    }

    /// Asks AWS whose credentials these are, and settles the regions.
    async fn connect(&self, config: SdkConfig, regions: &[String]) -> Result<Connection, ConnectError> {
        let sts = aws_sdk_sts::Client::new(&config);
        let failed = |code: Option<&str>, why: String| ConnectError::Identity {
            region: config.region().map(ToString::to_string).unwrap_or_default(),
            code: code.unwrap_or("CredentialsNotTaken").into(),
            why,
        };
        let identity = sts.get_caller_identity().send().await;
        let identity = identity.map_err(|e| failed(e.code(), in_words(&e)))?;
        let account = identity.account().ok_or_else(|| failed(None, "the answer names no account".into()))?;
        let arn = identity.arn().unwrap_or_default();
        let partition = arn.split(':').nth(1).unwrap_or("aws");
        let regions = regions::settle(&config, regions, &self.options.exclude_regions).await?;
        Ok(Connection { account: account.into(), partition: partition.into(), identity: arn.into(), regions, config })
    }
}

impl Connection {
    /// Client configuration for one region.
    #[must_use]
    pub fn config_for(&self, region: &str) -> SdkConfig {
        self.config.to_builder().region(Region::new(region.to_owned())).build()
    }
}

/// Client configuration. Its region, where global services are asked, is the first that was asked for, else the configured one.
async fn load(options: &Options) -> Result<SdkConfig, ConnectError> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(RetryConfig::standard().with_max_attempts(4))
        // The wire keeps the time: a call that waits for its turn has not been sent yet.
        .timeout_config(TimeoutConfig::disabled());
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &options.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some((key, secret)) = &options.keys {
        loader = loader.credentials_provider(Credentials::new(key, secret, None, None, "given"));
    }
    if let Some(asked) = options.regions.iter().find(|r| *r != "all") {
        loader = loader.region(Region::new(asked.clone()));
    }
    let base = loader.load().await;
    if base.region().is_some() {
        return Ok(base);
    }
    if options.regions.is_empty() {
        return Err(ConnectError::NoRegion);
    }
    // `--region all` without a configured region: this one cannot be disabled, and it can list the others.
    Ok(base.into_builder().region(Region::from_static("us-east-1")).build())
}

/// One connection pool for all services and regions. Proxies are taken from the environment, as the AWS CLI does.
fn http_client() -> SharedHttpClient {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(Duration::from_secs(4))
        .read_timeout(Duration::from_secs(20))
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(TokioSleep::new())
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build();
    let connector = SharedHttpConnector::new(Wire::new(SharedHttpConnector::new(connector)));
    http_client_fn(move |_, _| connector.clone())
}
