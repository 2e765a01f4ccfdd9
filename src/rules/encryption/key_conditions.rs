//! What the statements of key policies are held to.

use super::{is_kept, told};
use crate::model::{Read, Resource, Unknown};
use crate::rules::answer::{all, any};
use crate::rules::readers::policy::clauses::shown;
use crate::rules::readers::policy::grantee::Who;
use crate::rules::readers::policy::key::{self, ADMINISTER, CRYPTO};
use crate::rules::readers::policy::{Statement, matches};
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// Some audits want to read in the policy itself that a key is never used over an unencrypted connection. KMS takes TLS only, so the
    /// statement changes nothing in practice.
    ///
    /// A key without `KeyPolicy` has KMS's default policy, which has no such statement: it fails.
    ///
    /// ## Fix
    /// ```yaml
    /// - Sid: DenyInsecureTransport
    ///   Effect: Deny
    ///   Principal: "*"
    ///   Action: kms:*
    ///   Resource: "*"
    ///   Condition:
    ///     Bool: {aws:SecureTransport: "false"}
    /// ```
    "kms-key-policy-deny-insecure-transport" => {
        title: "KMS key policies explicitly deny use over insecure transport.",
        category: Encryption,
        severity: Low,
        scope: Resource,
        types: ["AWS::KMS::Key"],
        reads: ["AWS::KMS::Key.KeyPolicy"],
        equivalents: [],
        check: |r, _| is_kept(r).then(|| denies_insecure(r)),
    }

    /// ## Why
    /// Who may decrypt with a key directly can decrypt whatever they get hold of. With `kms:ViaService` they can only through the service
    /// that keeps the data, which checks its own permissions first.
    ///
    /// Judged are the statements that let accounts, roles or users use the key (decrypt, encrypt, data keys, grants). Left out are services,
    /// the account's administration statement (root with `kms:*`), and the roles in `exempt_principals` that call KMS themselves. A statement
    /// that lets only grants through is also fine with `kms:GrantIsForAWSResource`. A key without such a statement is left out.
    ///
    /// ## Fix
    /// ```yaml
    /// - Sid: UseThroughS3
    ///   Effect: Allow
    ///   Principal: {AWS: !GetAtt ApplicationRole.Arn}
    ///   Action: [kms:Decrypt, kms:GenerateDataKey*]
    ///   Resource: "*"
    ///   Condition:
    ///     StringEquals:
    ///       kms:ViaService: !Sub s3.${AWS::Region}.amazonaws.com
    ///       kms:CallerAccount: !Ref AWS::AccountId
    /// ```
    "kms-key-policy-via-service" => {
        title: "KMS key use granted to IAM principals is limited with kms:ViaService.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::KMS::Key"],
        reads: ["AWS::KMS::Key.KeyPolicy"],
        params: {
            exempt_principals: Preset::Texts(&[]) => "ARNs (`*` and `?` as in IAM) of roles and users that call KMS themselves",
        },
        equivalents: [],
        check: |r, cx| if is_kept(r) { each(r, |statement| via_service(statement, cx)) } else { None },
    }

    /// ## Why
    /// A service acts for all of its customers. A statement that lets it use the key without a condition lets it do so on behalf of any account
    /// (the confused deputy).
    ///
    /// Judged are the statements that let a service use or change the key. Each names one service and is held to its source: by the
    /// encryption context (CloudTrail: `kms:EncryptionContext:aws:cloudtrail:arn`, CloudWatch Logs: `kms:EncryptionContext:aws:logs:arn`), by
    /// `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID`, `kms:CallerAccount` or `kms:ViaService`. Services in
    /// `require_encryption_context_for` need the encryption context. One that may make grants needs `kms:GrantIsForAWSResource` as well.
    /// Statements that only let a service look at the key (`kms:DescribeKey`) need no condition.
    ///
    /// ## Fix
    /// ```yaml
    /// - Sid: AllowCloudTrail
    ///   Effect: Allow
    ///   Principal: {Service: cloudtrail.amazonaws.com}
    ///   Action: [kms:GenerateDataKey*, kms:DescribeKey]
    ///   Resource: "*"
    ///   Condition:
    ///     StringLike:
    ///       kms:EncryptionContext:aws:cloudtrail:arn: !Sub arn:aws:cloudtrail:*:${AWS::AccountId}:trail/*
    /// ```
    "kms-key-policy-service-conditions" => {
        title: "KMS grants to AWS service principals carry service-specific conditions.",
        category: Encryption,
        severity: High,
        scope: Resource,
        types: ["AWS::KMS::Key"],
        reads: ["AWS::KMS::Key.KeyPolicy"],
        params: {
            require_encryption_context_for: Preset::Texts(&["cloudtrail"])
                => "services for which only a condition on the encryption context is accepted",
        },
        equivalents: [],
        check: |r, cx| if is_kept(r) { each(r, |statement| service(statement, cx)) } else { None },
    }
}

/// Every statement that `test` has something to say of; `None` if there is none.
fn each(r: &Resource, test: impl Fn(&Statement<'_>) -> Option<Verdict>) -> Option<Verdict> {
    let document = key::document(r);
    let (statements, open) = document.all();
    let mut found: Vec<Verdict> = statements.iter().filter_map(test).collect();
    let list = document.read().get("Statement");
    found.extend(open.map(|why| told(Err(why), &list, "statements that can be read")));
    (!found.is_empty()).then(|| Verdict::all(found))
}

fn denies_insecure(r: &Resource) -> Verdict {
    const ALL: &[&str] = &["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"];
    let document = key::document(r);
    let (statements, open) = document.all();
    let denies = statements.iter().map(|statement| {
        let everybody = any(statement.grantees().into_iter().map(|grantee| match grantee.who {
            Who::Everybody => Ok(true),
            Who::Unknown(why) => Err(why),
            _ => Ok(false),
        }));
        let insecure = statement.is_held_to_truth("aws:securetransport", false);
        all([statement.is_deny(), everybody, statement.covers_all(ALL), insecure])
    });
    let answer = any(denies.chain(open.map(Err)));
    told(answer, &document.read().get("Statement"), "a Deny for everybody where aws:SecureTransport is false")
}

fn via_service(statement: &Statement<'_>, cx: &Context<'_>) -> Option<Verdict> {
    let exempt = cx.params.texts("exempt_principals");
    let whom = statement.grantees().into_iter().map(|grantee| match grantee.who {
        Who::Everybody => Ok(true),
        Who::Account(_) => statement.covers("kms:PutKeyPolicy").map(|administers| !administers),
        Who::Identity(_, name) => Ok(!exempt.iter().any(|pattern| matches(pattern, &name))),
        Who::Service(..) | Who::Other => Ok(false),
        Who::Unknown(why) => Err(why),
    });
    let applies = all([statement.is_allow(), statement.covers_use(), any(whom)]);
    if applies == Ok(false) {
        return None;
    }
    let condition = statement.read.get("Condition");
    let expected = "kms:ViaService with the services that may use the key";
    let through = statement.clauses().and_then(|clauses| {
        let named = clauses.iter().filter(|clause| clause.key == "kms:viaservice");
        any(named.map(|clause| all([clause.narrows(), all(clause.each().iter().map(is_service))])))
    });
    let only_grants = statement.covers_any(CRYPTO).map(|more| !more);
    let grants = all([only_grants, statement.is_held_to_truth("kms:grantisforawsresource", true)]);
    Some(if_applies(applies, told(any([through, grants]), &condition, expected), &condition, expected))
}

/// `s3.us-east-1.amazonaws.com`: the service is named, its region may be any.
fn is_service(value: &Read<'_>) -> Result<bool, Unknown> {
    let text = shown(value)?;
    let suffix = [".amazonaws.com", ".amazonaws.com.cn", ".${AWS.URLSuffix}"];
    Ok(suffix.iter().any(|end| text.ends_with(end)) && !text.starts_with('*'))
}

/// A verdict on a statement of which it may not be known whether it is judged at all.
fn if_applies(applies: Result<bool, Unknown>, verdict: Verdict, read: &Read<'_>, expected: &str) -> Verdict {
    match applies {
        Err(why) if matches!(verdict, Verdict::Fail(_)) => told(Err(why), read, expected),
        _ => verdict,
    }
}

/// Conditions that hold any service to its source.
const SOURCES: &[&str] = &[
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "kms:calleraccount",
    "kms:viaservice",
];

fn service(statement: &Statement<'_>, cx: &Context<'_>) -> Option<Verdict> {
    let (mut names, mut open) = (Vec::new(), None);
    for grantee in statement.grantees() {
        match grantee.who {
            // `delivery.logs` is a part of `logs`.
            Who::Service(name, _) => names.push(name.rsplit('.').next().unwrap_or_default().to_owned()),
            Who::Unknown(why) if grantee.read.path.contains(".Principal.Service") => open = Some(why),
            _ => {}
        }
    }
    names.sort();
    names.dedup();
    let acts = any([statement.covers_use(), statement.covers_any(ADMINISTER)]);
    let some = if names.is_empty() { open.clone().map_or(Ok(false), Err) } else { Ok(true) };
    let applies = all([statement.is_allow(), some, acts]);
    if applies == Ok(false) {
        return None;
    }
    let principal = statement.read.get("Principal.Service");
    if names.len() > 1 {
        let expected = "one service for each statement";
        return Some(if_applies(applies, check::fail(&principal, expected), &principal, expected));
    }
    let Some(name) = names.first().filter(|_| open.is_none()) else {
        return Some(told(Err(open.unwrap_or(Unknown::NotCollected)), &principal, "the name of a service"));
    };
    let strict = cx.params.texts("require_encryption_context_for").iter().any(|s| s.eq_ignore_ascii_case(name));
    let condition = statement.read.get("Condition");
    let expected = match (strict, name.as_str()) {
        (true, "cloudtrail" | "logs") => format!("a condition on kms:EncryptionContext:aws:{name}:arn"),
        (true, _) => "a condition on kms:EncryptionContext:…".to_owned(),
        (false, _) => "a condition on the source: aws:SourceArn, aws:SourceAccount, kms:EncryptionContext:…".to_owned(),
    };
    let held = statement.is_held_to(|key| is_context(key, name) || (!strict && SOURCES.contains(&key)));
    let verdict = told(held, &condition, &expected);
    let grants = match statement.covers("kms:CreateGrant") {
        Ok(false) => Verdict::Pass,
        Ok(true) => {
            let held = statement.is_held_to_truth("kms:grantisforawsresource", true);
            told(held, &condition, "kms:GrantIsForAWSResource true, for kms:CreateGrant")
        }
        Err(why) => told(Err(why), &statement.read.get("Action"), "actions that can be read"),
    };
    Some(if_applies(applies, verdict.and(grants), &condition, &expected))
}

/// A key of the encryption context that a service uses.
fn is_context(key: &str, service: &str) -> bool {
    let Some(context) = key.strip_prefix("kms:encryptioncontext:") else { return false };
    match service {
        "cloudtrail" => context == "aws:cloudtrail:arn",
        "logs" => context == "aws:logs:arn" || context == "sourcearn",
        _ => true,
    }
}
