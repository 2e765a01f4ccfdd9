//! Whether services may write to the buckets that they are told to write to.

use super::TRAIL;
use crate::model::{Items, Kind, Read, Related, Resource, Unknown, Value};
use crate::rules::answer::both;
use crate::rules::check;
use crate::rules::readers::bucket_policy::{Part, admits, demanded, reaches, states};
use crate::rules::readers::buckets::bucket_at;
use crate::rules::readers::policy::{self, Effect, Statement};
use crate::rules::readers::sketch::{HOLE, sketch};
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// A trail, a recorder or a load balancer whose bucket does not let it write keeps no logs, or cannot be deployed at all.
    ///
    /// The subject is what writes: a trail, a delivery channel, a load balancer with access logs. A bucket without a policy lets no service in. A
    /// bucket that is nowhere in sight may belong to another account; what its policy says is then not known.
    ///
    /// ## Fix
    /// ```yaml
    /// TrailBucketPolicy:
    ///   Type: AWS::S3::BucketPolicy
    ///   Properties:
    ///     Bucket: !Ref TrailBucket
    ///     PolicyDocument:
    ///       Statement:
    ///         - Effect: Allow
    ///           Principal: {Service: cloudtrail.amazonaws.com}
    ///           Action: s3:GetBucketAcl
    ///           Resource: !GetAtt TrailBucket.Arn
    ///           Condition: {StringEquals: {aws:SourceArn: !Sub "arn:aws:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/audit"}}
    ///         - Effect: Allow
    ///           Principal: {Service: cloudtrail.amazonaws.com}
    ///           Action: s3:PutObject
    ///           Resource: !Sub "${TrailBucket.Arn}/AWSLogs/${AWS::AccountId}/*"
    ///           Condition:
    ///             StringEquals:
    ///               s3:x-amz-acl: bucket-owner-full-control
    ///               aws:SourceArn: !Sub "arn:aws:cloudtrail:${AWS::Region}:${AWS::AccountId}:trail/audit"
    /// ```
    "log-bucket-delivery-policy" => {
        title: "The buckets that services write logs to let them in.",
        category: LoggingAudit,
        severity: High,
        scope: Estate,
        types: ["AWS::CloudTrail::Trail", "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::Config::DeliveryChannel"],
        reads: [
            "AWS::ElasticLoadBalancingV2::LoadBalancer.LoadBalancerAttributes", "AWS::S3::Bucket",
            "AWS::S3::BucketPolicy.PolicyDocument",
        ],
        params: {
            kinds: Preset::Texts(&["cloudtrail", "elb", "config"]) => "what is judged: cloudtrail, elb, config",
            require_source_arn: Preset::Bool(true) => "demand aws:SourceArn on the statements for CloudTrail",
        },
        equivalents: [],
        check: |r, cx| {
            let wanted = |kind: &str| cx.params.texts("kinds").iter().any(|k| k == kind);
            match &*r.kind {
                TRAIL => wanted("cloudtrail").then(|| trail(r, cx)),
                "AWS::Config::DeliveryChannel" => wanted("config").then(|| channel(r, cx)),
                _ if wanted("elb") => balancer(r, cx),
                _ => None,
            }
        },
    }
}

/// The bucket that a property names satisfies `test`.
fn bucket(read: &Read<'_>, cx: &Context<'_>, test: impl FnOnce(&Resource) -> Verdict) -> Verdict {
    let expected = "a bucket that lets the service write";
    match bucket_at(cx.estate, read) {
        Related::Found(bucket) => test(bucket).on(bucket.address.name()),
        Related::Missing if read.is_absent() => check::fail(read, expected),
        Related::Missing => {
            policy::unknown(read, expected, &Unknown::Outside("a bucket of another account or region".into()))
        }
        Related::Unknown(why) => policy::unknown(read, expected, &why),
    }
}

/// The key that a service writes to below a prefix; a prefix that is not known in full is a hole.
fn key(prefix: &Read<'_>, account: &str) -> String {
    let account = if account.is_empty() { "123456789012" } else { account };
    let below = if prefix.is_absent() { String::new() } else { sketch(prefix).unwrap_or_else(|| HOLE.to_string()) };
    let below = below.trim_matches('/');
    if below.is_empty() { format!("AWSLogs/{account}/log") } else { format!("{below}/AWSLogs/{account}/log") }
}

fn trail(r: &Resource, cx: &Context<'_>) -> Verdict {
    const SERVICE: &str = "cloudtrail.amazonaws.com";
    let source = |statement: &Statement<'_>| {
        !cx.params.bool("require_source_arn")
            || demanded(statement, "aws:SourceArn").iter().any(|value| value.as_str() != Some("*"))
    };
    let owned = |statement: &Statement<'_>| {
        let acl = demanded(statement, "s3:x-amz-acl");
        acl.iter().any(|value| value.as_str() == Some("bucket-owner-full-control"))
    };
    let condition = if cx.params.bool("require_source_arn") { " under a condition on aws:SourceArn" } else { "" };
    let key = key(&r.get("S3KeyPrefix"), &r.address.account);
    bucket(&r.get("S3BucketName"), cx, |bucket| {
        let shown = key.replace(HOLE, "…");
        let look = format!("a statement that lets CloudTrail read the bucket's ACL{condition}");
        let put = format!("a statement that lets CloudTrail write {shown}, for the bucket's owner{condition}");
        let looks = states(cx.estate, bucket, &look, |statement| {
            both(admits(statement, SERVICE, "s3:GetBucketAcl", Part::Bucket), || Ok(source(statement)))
        });
        looks.and(states(cx.estate, bucket, &put, |statement| {
            both(admits(statement, SERVICE, "s3:PutObject", Part::Key(&key)), || {
                Ok(source(statement) && owned(statement))
            })
        }))
    })
}

fn channel(r: &Resource, cx: &Context<'_>) -> Verdict {
    let key = key(&r.get("S3KeyPrefix"), &r.address.account);
    let needs = [("s3:GetBucketAcl", Part::Bucket), ("s3:ListBucket", Part::Bucket), ("s3:PutObject", Part::Key(&key))];
    bucket(&r.get("S3BucketName"), cx, |bucket| {
        Verdict::all(needs.iter().map(|&(action, part)| {
            states(cx.estate, bucket, &format!("a statement that lets Config do {action}"), |statement| {
                admits(statement, "config.amazonaws.com", action, part)
            })
        }))
    })
}

fn balancer(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let attributes = r.get("LoadBalancerAttributes");
    let items = match attributes.items() {
        Items::Absent => return None,
        Items::Unknown => return Some(check::unknown(&attributes, "whether there are access logs")),
        Items::Are(items) => items,
    };
    let value =
        |wanted: &str| items.iter().find(|item| item.get("Key").as_str() == Some(wanted)).map(|item| item.get("Value"));
    let Some(enabled) = value("access_logs.s3.enabled") else {
        let open = items.iter().find(|item| item.why_unknown().is_some() || item.get("Key").why_unknown().is_some());
        return open.map(|item| check::unknown(item, "whether there are access logs"));
    };
    match (enabled.why_unknown(), enabled.value().and_then(Value::as_bool)) {
        (Some(_), _) => return Some(check::unknown(&enabled, "whether there are access logs")),
        (None, Some(true)) => {}
        (None, _) => return None,
    }
    let Some(name) = value("access_logs.s3.bucket") else {
        return Some(check::fail(&attributes, "the attribute access_logs.s3.bucket"));
    };
    let key = value("access_logs.s3.prefix").map_or_else(
        || key(&r.get("LoadBalancerAttributes.access_logs"), &r.address.account),
        |prefix| key(&prefix, &r.address.account),
    );
    let network = r.get("Type").as_str() == Some("network");
    Some(bucket(&name, cx, |bucket| {
        let put = format!("a statement that lets the load balancer write {}", key.replace(HOLE, "…"));
        states(cx.estate, bucket, &put, |statement| {
            both(statement.effect().is(&Effect::Allow), || {
                both(statement.covers("s3:PutObject"), || {
                    both(reaches(statement, Part::Key(&key)), || {
                        if network { delivers(statement) } else { balances(statement) }
                    })
                })
            })
        })
    }))
}

/// Logs of network load balancers are delivered by CloudWatch Logs.
fn delivers(statement: &Statement<'_>) -> Result<bool, Unknown> {
    statement.names_service("delivery.logs.amazonaws.com")
}

/// Logs of application load balancers are written by the service, or by an account of AWS's in regions that are older than August 2022.
fn balances(statement: &Statement<'_>) -> Result<bool, Unknown> {
    let service = statement.names_service("logdelivery.elasticloadbalancing.amazonaws.com");
    if service == Ok(true) {
        return service;
    }
    let principal = statement.read.get("Principal");
    if !matches!(principal.value().map(|v| &v.kind), Some(Kind::Map(_))) {
        return service;
    }
    let account = policy::names(&principal.get("AWS"), |name| {
        let id = name.split(':').nth(4).unwrap_or(name);
        name == "*" || ACCOUNTS.contains(&id)
    });
    match (service, account) {
        (_, Ok(true)) => Ok(true),
        (Err(why), _) | (_, Err(why)) => Err(why),
        _ => Ok(false),
    }
}

/// The accounts that load balancers write as, one for each region.
const ACCOUNTS: &[&str] = &[
    "127311923021",
    "033677994240",
    "027434742980",
    "797873946194",
    "098369216593",
    "754344448648",
    "589379963580",
    "718504428378",
    "383597477331",
    "600734575887",
    "114774131450",
    "783225319266",
    "582318560864",
    "985666609251",
    "054676820928",
    "156460612806",
    "652711504416",
    "635631232127",
    "009996457667",
    "897822967062",
    "076674570225",
    "507241528517",
    "048591011584",
    "190560391635",
    "638102146993",
    "037604701340",
];
