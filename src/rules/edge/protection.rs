//! What stands behind a web ACL.

use crate::model::network::about;
use crate::model::{Items, Read, Related, Resource, Unknown};
use crate::rules::check::{self, allow_absent, related, some};
use crate::rules::readers::distribution::some_front;
use crate::rules::readers::policy;
use crate::rules::readers::web_acl::{WEB_ACL, has_rules};
use crate::rules::{Context, Preset, Verdict, rules};

rules! {
    /// ## Why
    /// A web ACL turns away known attacks before they reach the application. One without rules turns away nothing.
    ///
    /// Load balancers are application load balancers unless `Type` says otherwise, and internet-facing unless `Scheme` does.
    ///
    /// ## Fix
    /// ```yaml
    /// Association:
    ///   Type: AWS::WAFv2::WebACLAssociation
    ///   Properties:
    ///     ResourceArn: !Ref LoadBalancer
    ///     WebACLArn: !GetAtt WebAcl.Arn
    /// ```
    ///
    /// ```sh
    /// aws wafv2 associate-web-acl --web-acl-arn ARN --resource-arn LOAD_BALANCER_ARN
    /// ```
    "alb-waf-enabled" => {
        title: "Application load balancers are protected by a web ACL that has rules.",
        category: Edge,
        severity: High,
        scope: Estate,
        types: ["AWS::ElasticLoadBalancingV2::LoadBalancer"],
        reads: [
            "AWS::WAFv2::WebACLAssociation.ResourceArn", "AWS::WAFv2::WebACLAssociation.WebACLArn", "AWS::WAFv2::WebACL.Rules",
            "AWS::CloudFront::Distribution.DistributionConfig", "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress",
            "AWS::Route53::RecordSet",
        ],
        params: {
            internet_facing_only: Preset::Bool(false) => "leave out internal load balancers",
            accept_cloudfront_waf: Preset::Bool(false)
                => "accept the web ACL of a distribution, if only CloudFront can reach the load balancer",
        },
        equivalents: [
            "aws-config/alb-waf-enabled", "security-hub/ELB.16", "prowler/elbv2_waf_acl_attached",
            "checkov/CKV2_AWS_28", "aws-guard/alb_waf_enabled", "pci-4.0/6.4.1", "pci-4.0/6.4.2",
        ],
        check: balancer,
    }

    /// ## Why
    /// At the edge a web ACL stops attacks and floods before they cost you anything further inside.
    ///
    /// A distribution has no web ACL unless `WebACLId` names one. It must be a WAFv2 ACL of the scope `CLOUDFRONT` with at least one rule; the
    /// ids of WAF Classic, which AWS has shut down, lead nowhere.
    ///
    /// ## Fix
    /// ```yaml
    /// DistributionConfig:
    ///   WebACLId: !GetAtt WebAcl.Arn # Scope: CLOUDFRONT, in us-east-1
    /// ```
    "cloudfront-associated-with-waf" => {
        title: "CloudFront distributions are protected by a web ACL that has rules.",
        category: Edge,
        severity: High,
        scope: Estate,
        types: ["AWS::CloudFront::Distribution"],
        reads: ["AWS::CloudFront::Distribution.DistributionConfig", "AWS::WAFv2::WebACL.Rules"],
        equivalents: [
            "aws-config/cloudfront-associated-with-waf", "security-hub/CloudFront.6",
            "prowler/cloudfront_distributions_using_waf", "checkov/CKV_AWS_68",
            "aws-guard/cloudfront_associated_with_waf", "pci-4.0/1.2.8", "pci-4.0/1.3.1", "pci-4.0/1.3.2",
            "pci-4.0/1.4.2", "pci-4.0/1.5.1", "pci-4.0/6.4.1", "pci-4.0/6.4.2", "pci-4.0/A1.1.3",
        ],
        check: |r, cx| Some(distribution(r, cx)),
    }
}

fn balancer(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let (kind, scheme) = (r.get("Type"), r.get("Scheme"));
    if kind.as_str().is_some_and(|kind| kind != "application") {
        return None;
    }
    let outside_only = cx.params.bool("internet_facing_only");
    if outside_only && scheme.as_str() == Some("internal") {
        return None;
    }
    let direct = associated(r, cx);
    let verdict = if cx.params.bool("accept_cloudfront_waf") { direct.or(|| behind_cloudfront(r, cx)) } else { direct };
    let open =
        [Some(&kind), outside_only.then_some(&scheme)].into_iter().flatten().find(|read| read.why_unknown().is_some());
    Some(match open {
        Some(read) if !verdict.is_pass() => check::unknown(read, "the kind of load balancer"),
        _ => verdict,
    })
}

fn associated(r: &Resource, cx: &Context<'_>) -> Verdict {
    let associations = cx.estate.referrers(r, "AWS::WAFv2::WebACLAssociation", "ResourceArn");
    some(&associations, &about(r, "WebACLAssociation"), "an association with a web ACL", |association| {
        let acl = association.get("WebACLArn");
        related(cx.estate, &acl, &[WEB_ACL], "a web ACL that exists", has_rules).on(association.address.name())
    })
}

/// Whether only CloudFront can reach the load balancer, by a distribution that has a web ACL.
fn behind_cloudfront(r: &Resource, cx: &Context<'_>) -> Verdict {
    let nothing = || check::fail(&about(r, "WebACLAssociation"), "an association with a web ACL");
    let expected = "a distribution with a web ACL";
    let fronted = some_front(cx.estate, r, expected, |front, shows| match shows {
        Ok(true) => distribution(front, cx).on(front.address.name()),
        Ok(false) => nothing(),
        Err(why) => policy::unknown(&about(front, "Origins"), expected, &why).on(front.address.name()),
    });
    fronted.and(only_cloudfront(r, cx))
}

/// Every security group of the load balancer lets in prefix lists and other groups alone.
fn only_cloudfront(r: &Resource, cx: &Context<'_>) -> Verdict {
    let groups = r.get("SecurityGroups");
    let expected = "security groups that let in CloudFront alone";
    let list = match groups.items() {
        Items::Absent => return check::fail(&groups, expected),
        Items::Unknown => return check::unknown(&groups, expected),
        Items::Are(list) => list,
    };
    Verdict::all(list.iter().map(|group| {
        related(cx.estate, group, &["AWS::EC2::SecurityGroup"], expected, |group| {
            let own = check::each(&group.get("SecurityGroupIngress"), expected, |rule| {
                no_addresses(|name| rule.get(name), expected)
            });
            let others = cx.estate.referrers(group, "AWS::EC2::SecurityGroupIngress", "GroupId");
            own.and(check::every(&others, &about(group, "SecurityGroupIngress"), expected, |rule| {
                no_addresses(|name| rule.get(name), expected)
            }))
        })
    }))
}

fn no_addresses<'a>(rule: impl Fn(&str) -> Read<'a>, expected: &str) -> Verdict {
    Verdict::all(["CidrIp", "CidrIpv6"].iter().map(|name| allow_absent(&rule(name), expected, |_| Some(false))))
}

fn distribution(r: &Resource, cx: &Context<'_>) -> Verdict {
    let (id, expected) = (r.get("DistributionConfig.WebACLId"), "the ARN of a web ACL of the scope CLOUDFRONT");
    if id.as_str().is_some_and(|text| text.is_empty() || text.contains(":regional/")) {
        return check::fail(&id, expected);
    }
    match cx.estate.follow(&id, &[WEB_ACL]) {
        Related::Found(acl) => {
            check::one_of(&acl.get("Scope"), &["CLOUDFRONT"]).and(has_rules(acl)).on(acl.address.name())
        }
        // A firewall administrator's ACL belongs to another account: what is in it cannot be read here.
        Related::Missing if foreign(r, id.as_str()) => {
            policy::unknown(&id, expected, &Unknown::Outside("a web ACL of another account".into()))
        }
        Related::Missing => check::fail(&id, expected),
        Related::Unknown(why) => policy::unknown(&id, expected, &why),
    }
}

/// Whether an ARN names another account than the resource's.
fn foreign(r: &Resource, arn: Option<&str>) -> bool {
    let account = arn.and_then(|arn| arn.split(':').nth(4));
    account.is_some_and(|account| !account.is_empty() && *account != *r.address.account)
}
