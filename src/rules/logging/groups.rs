//! What becomes of what log groups hold.

use regex::Regex;

use crate::model::network::about;
use crate::model::{Items, Kind, Read, Resource, Unknown, Value, types};
use crate::rules::check::{self, some};
use crate::rules::readers::policy::{Document, Statement};
use crate::rules::readers::sketch::{names_resource, naming, sketch};
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// What happened in a system of many parts is told by many log groups. Sent to one place they can be searched together, and outlive the account.
    ///
    /// A log group sends nothing on unless a subscription filter, or an account policy, says so.
    ///
    /// ## Fix
    /// ```yaml
    /// Forwarding:
    ///   Type: AWS::Logs::SubscriptionFilter
    ///   Properties:
    ///     LogGroupName: !Ref LogGroup
    ///     FilterPattern: ""
    ///     DestinationArn: !GetAtt CentralStream.Arn
    ///     RoleArn: !GetAtt ForwardingRole.Arn
    /// ```
    "log-groups-centrally-forwarded" => {
        title: "Log groups are sent on to a central destination.",
        category: LoggingAudit,
        severity: Low,
        scope: Estate,
        types: ["AWS::Logs::LogGroup"],
        reads: ["AWS::Logs::SubscriptionFilter", "Driftline::Logs::AccountPolicy"],
        params: {
            name_patterns: Preset::Patterns(&[".*"]) => "names of the log groups that are judged",
            central_destinations: Preset::Texts(&[]) => "ARNs of accepted destinations; any if there are none",
        },
        equivalents: [],
        check: |r, cx| in_scope(r, cx.params.patterns("name_patterns")).then(|| forwarded(r, cx)),
    }

    /// ## Why
    /// Applications log what they should not: a card number in an error message is read by everybody who may read logs. A data protection policy
    /// masks it, before anybody does.
    ///
    /// Nothing is masked unless a policy of the group or of the account says so; a policy that only audits masks nothing.
    ///
    /// ## Fix
    /// ```yaml
    /// DataProtectionPolicy:
    ///   Name: cards
    ///   Version: "2021-06-01"
    ///   Statement:
    ///     - DataIdentifier: [arn:aws:dataprotection::aws:data-identifier/CreditCardNumber]
    ///       Operation: {Audit: {FindingsDestination: {}}}
    ///     - DataIdentifier: [arn:aws:dataprotection::aws:data-identifier/CreditCardNumber]
    ///       Operation: {Deidentify: {MaskConfig: {}}}
    /// ```
    "log-group-data-protection-policy" => {
        title: "Log groups that may see card data mask it.",
        category: LoggingAudit,
        severity: High,
        scope: Resource,
        types: ["AWS::Logs::LogGroup"],
        reads: ["AWS::Logs::LogGroup.DataProtectionPolicy", "Driftline::Logs::AccountPolicy"],
        params: {
            name_patterns: Preset::Patterns(&[".*"]) => "names of the log groups that are judged",
            data_identifiers: Preset::Texts(&["CreditCardNumber", "CreditCardSecurityCode", "CreditCardExpiration"])
                => "managed data identifiers that must be masked",
        },
        equivalents: [],
        check: |r, cx| in_scope(r, cx.params.patterns("name_patterns")).then(|| masked(r, cx)),
    }
}

/// Whether the group's name matches; one that has no name yet is known by its logical id.
fn in_scope(r: &Resource, patterns: &[Regex]) -> bool {
    let given = sketch(&r.get("LogGroupName"));
    let name = given.as_deref().unwrap_or_else(|| r.address.name());
    patterns.iter().any(|pattern| pattern.is_match(name))
}

fn forwarded(r: &Resource, cx: &Context<'_>) -> Verdict {
    let accepted = cx.params.texts("central_destinations");
    let filters = naming(cx.estate, r, "AWS::Logs::SubscriptionFilter", "LogGroupName", "LogGroupName");
    let own = some(&filters, &about(r, "SubscriptionFilter"), "a subscription filter", |filter| {
        central(&filter.get("DestinationArn"), cx, accepted).on(filter.address.name())
    });
    own.or(|| {
        by_account(r, cx, "SUBSCRIPTION_FILTER_POLICY", "a subscription policy of the account", |document| {
            central(&document.read().get("DestinationArn"), cx, accepted)
        })
    })
}

fn central(read: &Read<'_>, cx: &Context<'_>, accepted: &[String]) -> Verdict {
    if accepted.is_empty() {
        return if names_resource(cx.estate, read) { Verdict::Pass } else { known(read) };
    }
    check::one_of(read, accepted)
}

/// A destination that can be read.
fn known(read: &Read<'_>) -> Verdict {
    match read.value().map(|v| &v.kind) {
        Some(Kind::Ref(_)) => Verdict::Pass,
        _ => check::require(read, "the ARN of a destination", |v: &Value| v.text().map(|arn| !arn.is_empty())),
    }
}

/// A policy of the account that covers the group satisfies `test`; only AWS knows of any.
fn by_account(
    r: &Resource,
    cx: &Context<'_>,
    kind: &str,
    expected: &str,
    test: impl Fn(&Document<'_>) -> Verdict,
) -> Verdict {
    let subject = about(r, "AccountPolicy");
    if !r.is_live() {
        return check::fail(&subject, expected);
    }
    some(&cx.estate.of(r, types::LOGS_ACCOUNT_POLICY), &subject, expected, |account| {
        let criteria = account.get("SelectionCriteria");
        // The only criterion there is excepts groups by name: `LogGroupName NOT IN ["a"]`.
        let covers = check::allow_absent(&criteria, "the log group", |v: &Value| {
            let excepted = format!("\"{}\"", r.address.name());
            v.text().map(|text| !text.contains(&excepted))
        });
        let is_kind = check::one_of(&account.get("PolicyType"), &[kind]);
        is_kind.and(covers).and(test(&Document::new(account.get("PolicyDocument")))).on(account.address.name())
    })
}

fn masked(r: &Resource, cx: &Context<'_>) -> Verdict {
    let identifiers = cx.params.texts("data_identifiers");
    let masks = |document: &Document<'_>| {
        Verdict::all(identifiers.iter().map(|identifier| {
            document.any(&format!("a statement that masks {identifier}"), |statement| masks(statement, identifier))
        }))
    };
    let policy = r.get("DataProtectionPolicy");
    let own =
        if policy.is_absent() { check::fail(&policy, "a policy that masks") } else { masks(&Document::new(policy)) };
    own.or(|| by_account(r, cx, "DATA_PROTECTION_POLICY", "a data protection policy of the account", masks))
}

/// Whether a statement masks a kind of data.
fn masks(statement: &Statement<'_>, identifier: &str) -> Result<bool, Unknown> {
    let config = statement.read.get("Operation.Deidentify.MaskConfig");
    if let Some(why) = config.why_unknown() {
        return Err(why);
    }
    if config.is_absent() {
        return Ok(false);
    }
    let list = statement.read.get("DataIdentifier");
    let items = match list.items() {
        Items::Absent => return Ok(false),
        Items::Unknown => vec![list],
        Items::Are(items) => items,
    };
    let mut why = None;
    for item in items {
        match sketch(&item) {
            Some(arn) if arn.rsplit('/').next() == Some(identifier) => return Ok(true),
            Some(_) => {}
            None => why = item.why_unknown(),
        }
    }
    why.map_or(Ok(false), Err)
}
