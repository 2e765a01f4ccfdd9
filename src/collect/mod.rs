//! AWS → observed resources. One file per service; nothing here judges.

mod accounts;
pub mod acm;
mod answer;
pub mod apigateway;
pub mod apigatewayv2;
pub mod application_autoscaling;
mod attributes;
pub mod autoscaling;
pub mod backup;
pub mod budgets;
mod calls;
mod cloud_control;
pub mod cloudfront;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod codedeploy;
pub mod config;
mod connect;
pub mod costexplorer;
mod cx;
mod doctor;
pub mod dynamodb;
pub mod ec2;
mod edge;
pub mod elb;
pub mod events;
mod gone;
pub mod guardduty;
pub mod iam;
mod json;
pub mod kms;
pub mod lambda;
mod limiter;
mod limits;
pub mod logs;
mod order;
mod out;
mod paging;
mod parts;
mod pass;
pub mod policy;
pub mod rds;
mod regions;
pub mod route53;
mod run;
pub mod s3;
pub mod scheduler;
pub mod secretsmanager;
mod shape;
pub mod snapshot;
pub mod sns;
pub mod sqs;
pub mod ssm;
mod stacks;
pub mod stepfunctions;
mod tagged;
mod tags;
mod tasks;
#[cfg(test)]
mod testing;
pub mod wafv2;
mod wanted;
mod wire;

pub use accounts::{Accounts, Opened, open};
pub use answer::{Answer, Gap};
pub use connect::{Base, ConnectError, Connection, Options, Role};
pub use cx::{Cx, Pages};
pub use doctor::{Diagnosis, Method, diagnose};
pub use limiter::Pace;
pub use out::Out;
pub use pass::{Inspected, inspect};
pub use run::{Collected, Exports, Place, Progress, Stop, Target, collect};
pub use wanted::{Declared, Wanted};

use async_trait::async_trait;

use crate::model::told_by;

/// How often a collector runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Once per account.
    Global,
    /// Once per account and region.
    Regional,
}

/// A type that a collector fills.
#[derive(Clone, Copy, Debug)]
pub struct TypeSpec {
    /// `AWS::EC2::Volume`.
    pub name: &'static str,
    /// Which IAM action tells a property or fact: the first entry whose prefix fits; the last one fits everything.
    pub asked: &'static [(&'static str, &'static str)],
    /// Top-level properties that it really reads. Anything else stays unknown, never absent.
    pub reads: &'static [&'static str],
    /// Those of `reads` that cost a call per resource. They are read where a rule names them in its `reads` or the resource's template declares
    /// them; otherwise they are unknown.
    pub on_demand: &'static [&'static str],
    /// How many calls one resource of this type may cost at most, besides the listings.
    pub calls: u32,
}

impl TypeSpec {
    /// A type that listings tell all about.
    pub const LISTED: Self = Self { name: "", asked: &[], reads: &[], on_demand: &[], calls: 0 };

    /// The properties that an action tells.
    pub fn told_by(&self, action: &str) -> impl Iterator<Item = &'static str> {
        let (asked, reads) = (self.asked, self.reads);
        reads.iter().copied().filter(move |name| told_by(asked, name) == Some(action))
    }
}

/// What a collector is, as data: what it fills and what it may call.
#[derive(Debug)]
pub struct Spec {
    /// Names the collector: `ec2/network`.
    pub name: &'static str,
    /// How often it runs.
    pub reach: Reach,
    /// What it fills.
    pub types: &'static [TypeSpec],
    /// How many calls it makes at most whatever it finds, further pages aside.
    pub listings: u32,
    /// Every IAM action it may need. `driftline policy` is made of these; a test holds all calls against them.
    pub actions: &'static [&'static str],
}

impl Spec {
    /// The properties read of a type; none for a type it does not fill.
    #[must_use]
    pub fn reads(&self, kind: &str) -> &'static [&'static str] {
        self.of(kind).map_or(&[], |t| t.reads)
    }

    /// What is said of a type it fills.
    #[must_use]
    pub fn of(&self, kind: &str) -> Option<&'static TypeSpec> {
        self.types.iter().find(|t| t.name == kind)
    }
}

/// Reads one part of an account.
#[async_trait]
pub trait Collector: Send + Sync {
    /// What it is.
    fn spec(&self) -> &'static Spec;
    /// Collects into `out`. Errors are data: a failed call becomes a gap, an incomplete listing or an unknown property.
    async fn collect(&self, cx: &Cx, out: &mut Out);
}

/// Every collector. A new one is a file and a line here.
pub static COLLECTORS: &[&dyn Collector] = &[
    &acm::Acm,
    &apigateway::ApiGateway,
    &apigatewayv2::ApiGatewayV2,
    &application_autoscaling::ApplicationAutoScaling,
    &autoscaling::AutoScaling,
    &autoscaling::LaunchConfigurations,
    &backup::Backup,
    &backup::protected::Protected,
    &budgets::Budgets,
    &cloudfront::CloudFront,
    &cloudtrail::CloudTrail,
    &cloudwatch::CloudWatch,
    &codedeploy::CodeDeploy,
    &config::Config,
    &config::rules::Rules,
    &costexplorer::CostExplorer,
    &dynamodb::DynamoDb,
    &ec2::account::Account,
    &ec2::compute::Compute,
    &ec2::customer_gateways::CustomerGateways,
    &ec2::key_pairs::KeyPairs,
    &ec2::network::Network,
    &ec2::security_groups::SecurityGroups,
    &elb::LoadBalancers,
    &elb::TargetGroups,
    &events::Events,
    &guardduty::GuardDuty,
    &iam::Iam,
    &iam::account::Account,
    &iam::credential_report::CredentialReport,
    &iam::mfa_devices::MfaDevices,
    &iam::providers::Providers,
    &iam::server_certificates::ServerCertificates,
    &kms::Kms,
    &lambda::Lambda,
    &logs::Logs,
    &logs::account::AccountPolicies,
    &logs::metrics::MetricFilters,
    &rds::Rds,
    &rds::events::EventSubscriptions,
    &rds::global::GlobalClusters,
    &rds::proxies::Proxies,
    &route53::HealthChecks,
    &route53::Records,
    &route53::Zones,
    &s3::S3,
    &scheduler::Scheduler,
    &secretsmanager::SecretsManager,
    &sns::Sns,
    &sqs::Sqs,
    &ssm::instances::Instances,
    &ssm::parameters::Parameters,
    &stepfunctions::StepFunctions,
    &wafv2::Global,
    &wafv2::Regional,
];

/// What collectors say of a type; `None` if none fills it.
#[must_use]
pub fn type_spec(kind: &str) -> Option<&'static TypeSpec> {
    COLLECTORS.iter().flat_map(|c| c.spec().types).find(|t| t.name == kind)
}

/// The properties of a type that some collector reads; `None` if no collector knows the type.
#[must_use]
pub fn reads(kind: &str) -> Option<&'static [&'static str]> {
    type_spec(kind).map(|t| t.reads)
}
