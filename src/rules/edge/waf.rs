//! What web ACLs enforce.

use crate::rules::check::{one_of, require};
use crate::rules::readers::web_acl::{Found, Statements};
use crate::rules::{Preset, Verdict, rules};

rules! {
    /// ## Why
    /// A rate-based rule stops a single source that floods the application or tries passwords, which no signature finds. One that only counts
    /// stops nobody.
    ///
    /// The rule looks at every web ACL, also at one that nothing in sight is associated with: associations often live in another stack.
    /// Rules of the rule groups that the ACL refers to count, if the groups can be seen.
    ///
    /// ## Fix
    /// ```yaml
    /// Rules:
    ///   - Name: limit-per-address
    ///     Priority: 0
    ///     Action: {Block: {}}
    ///     Statement:
    ///       RateBasedStatement: {Limit: 2000, AggregateKeyType: IP}
    ///     VisibilityConfig: {SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: limit}
    /// ```
    "wafv2-rate-based-rule" => {
        title: "Web ACLs contain an enforcing rate-based rule.",
        category: Edge,
        severity: High,
        scope: Resource,
        types: ["AWS::WAFv2::WebACL"],
        reads: ["AWS::WAFv2::WebACL.Rules", "AWS::WAFv2::RuleGroup"],
        params: { max_limit: Preset::Int(2000) => "most requests of one source that are let through in the window" },
        equivalents: [],
        check: |acl, cx| {
            let most = cx.params.int("max_limit");
            let rates = Statements::of(cx.estate, acl, "RateBasedStatement");
            Some(rates.some(acl, "a rate-based rule that blocks", |found| {
                let limit = found.statement.get("Limit");
                found.acts().and(require(&limit, &format!("at most {most}"), |v| v.as_int().map(|n| n <= most)))
            }))
        },
    }

    /// ## Why
    /// AWS keeps these groups up to date against known attacks. A group whose actions are overridden to count lets everything through.
    ///
    /// Every web ACL is looked at. There is no default: a group that no rule brings in is not there.
    ///
    /// ## Fix
    /// ```yaml
    /// Rules:
    ///   - Name: common
    ///     Priority: 1
    ///     OverrideAction: {None: {}}
    ///     Statement:
    ///       ManagedRuleGroupStatement: {VendorName: AWS, Name: AWSManagedRulesCommonRuleSet}
    ///     VisibilityConfig: {SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: common}
    /// ```
    "wafv2-managed-rule-groups" => {
        title: "Web ACLs enforce the required AWS managed rule groups.",
        category: Edge,
        severity: High,
        scope: Resource,
        types: ["AWS::WAFv2::WebACL"],
        reads: ["AWS::WAFv2::WebACL.Rules"],
        params: {
            required_groups: Preset::Texts(&["AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"])
                => "names of the managed rule groups of AWS's that must be there",
        },
        equivalents: [],
        check: |acl, cx| {
            let groups = Statements::of(cx.estate, acl, "ManagedRuleGroupStatement");
            Some(Verdict::all(cx.params.texts("required_groups").iter().map(|name| {
                let mut own = Statements { found: Vec::new(), open: groups.open.clone() };
                let is_it = |found: &&Found<'_>| one_of(&found.statement.get("Name"), &[name]);
                own.found.extend(groups.found.iter().filter(|f| is_it(f).word() != "fail").cloned());
                own.some(acl, &format!("the managed rule group {name}, not overridden to count"), |found| {
                    let vendor = one_of(&found.statement.get("VendorName"), &["AWS"]);
                    one_of(&found.statement.get("Name"), &[name]).and(vendor).and(found.group_acts())
                })
            })))
        },
    }
}
