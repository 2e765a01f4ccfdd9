//! Whom the security group of a load balancer lets in.

use std::cell::OnceCell;

use ipnet::IpNet;

use super::group_rules::{GROUP, GroupRule, Way, each};
use crate::model::network::VPC;
use crate::model::{Kind, Read, Related, Resource, Unknown, to_json};
use crate::rules::check::{fail, unknown};
use crate::rules::readers::policy::principal;
use crate::rules::readers::ports::{Ports, Protocol, range};
use crate::rules::{Context, Evidence, Verdict};

/// The list of the addresses that CloudFront asks origins from, by its ids in the regions. AWS tells the name of a list
/// only to whoever asks for it, and nobody does yet.
const CLOUDFRONT: [&str; 17] = [
    "pl-3b927c52", // us-east-1
    "pl-b6a144df", // us-east-2
    "pl-4ea04527", // us-west-1
    "pl-82a045eb", // us-west-2
    "pl-38a64351", // ca-central-1
    "pl-5da64334", // sa-east-1
    "pl-4fa04526", // eu-west-1
    "pl-93a247fa", // eu-west-2
    "pl-75b1541c", // eu-west-3
    "pl-a3a144ca", // eu-central-1
    "pl-fab65393", // eu-north-1
    "pl-9aa247f3", // ap-south-1
    "pl-58a04531", // ap-northeast-1
    "pl-22a6434b", // ap-northeast-2
    "pl-31a14458", // ap-northeast-3
    "pl-31a34658", // ap-southeast-1
    "pl-b8a742d1", // ap-southeast-2
];
/// The same list by its name.
const CLOUDFRONT_NAME: &str = "com.amazonaws.global.cloudfront.origin-facing";

/// Whether a prefix list is CloudFront's. The parameter `cloudfront_prefix_lists` names ids that are not known here.
fn is_cloudfront(read: &Read<'_>, cx: &Context<'_>) -> Result<bool, Unknown> {
    if let Related::Found(_) = cx.estate.follow(read, &["AWS::EC2::PrefixList"]) {
        return Ok(false);
    }
    if let Some(why) = read.why_unknown() {
        return Err(why);
    }
    let id = read.as_str().unwrap_or_default();
    let more = cx.params.texts("cloudfront_prefix_lists");
    if id == CLOUDFRONT_NAME || CLOUDFRONT.contains(&id) || more.iter().any(|other| other == id) {
        return Ok(true);
    }
    Err(Unknown::Outside(format!("whose prefix list {id} is").into()))
}

/// The group lets in CloudFront and nobody else.
pub(in crate::rules) fn from_cloudfront(group: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "CloudFront's prefix list as the only source";
    each(group, cx, Way::Ingress, expected, |rule| {
        let list = rule.get("SourcePrefixListId");
        if list.is_absent() {
            let named = SOURCES.iter().map(|name| rule.get(name)).find(|read| !read.is_absent());
            return fail(&named.unwrap_or(list), expected);
        }
        prefix_list(&list, cx, expected)
    })
    .unwrap_or(Verdict::Pass)
}

fn prefix_list(list: &Read<'_>, cx: &Context<'_>, expected: &str) -> Verdict {
    match is_cloudfront(list, cx) {
        Ok(true) => Verdict::Pass,
        Ok(false) => fail(list, expected),
        Err(why) => Verdict::unknown(Evidence::unknown(list, expected, &why)),
    }
}

const SOURCES: [&str; 4] = ["CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourceSecurityGroupName"];

/// The group of a load balancer lets in approved sources only.
pub(super) fn approved(group: &Resource, cx: &Context<'_>) -> Verdict {
    let allowed = Allowed { group, cx, vpc: OnceCell::new() };
    each(group, cx, Way::Ingress, "rules that can be read", |rule| allowed.rule(rule)).unwrap_or(Verdict::Pass)
}

/// What the parameter `allowed_sources` allows.
struct Allowed<'a, 'c> {
    group: &'a Resource,
    cx: &'c Context<'a>,
    /// The VPC of the group and its range, looked up once.
    vpc: OnceCell<Result<(&'a Resource, IpNet), Unknown>>,
}

impl<'a> Allowed<'a, '_> {
    fn words(&self) -> &[String] {
        self.cx.params.texts("allowed_sources")
    }

    fn word(&self, word: &str) -> bool {
        self.words().iter().any(|w| w == word)
    }

    fn rule(&self, rule: &GroupRule<'a>) -> Verdict {
        let expected = format!("a source among {}", self.words().join(", "));
        let ranges = ["CidrIp", "CidrIpv6"].map(|name| rule.get(name));
        let ranges = ranges.iter().filter(|read| !read.is_absent()).map(|read| self.range(read, &expected));
        let list = rule.get("SourcePrefixListId");
        let list = if list.is_absent() { Verdict::Pass } else { self.list(&list, &expected) };
        let source = Verdict::all(ranges).and(list);
        if source.is_pass() {
            return source;
        }
        match self.is_ignored(rule) {
            Ok(true) => Verdict::Pass,
            Ok(false) => source,
            Err(read) => unknown(&read, &expected),
        }
    }

    /// Ports that another rule judges, such as SSH.
    fn is_ignored(&self, rule: &GroupRule<'a>) -> Result<bool, Read<'a>> {
        let open = Ports::of(|name| rule.get(name))?;
        Ok(open.protocol == Protocol::Tcp && open.first_outside(self.cx.params.ints("ignored_ports"), &[]).is_none())
    }

    fn list(&self, read: &Read<'a>, expected: &str) -> Verdict {
        if read.as_str().is_some_and(|id| self.word(id)) {
            return Verdict::Pass;
        }
        if self.word("cloudfront-prefix-list") { prefix_list(read, self.cx, expected) } else { fail(read, expected) }
    }

    fn range(&self, read: &Read<'a>, expected: &str) -> Verdict {
        let of_vpc = self.word("vpc-cidr");
        let vpc = || self.vpc.get_or_init(|| self.vpc());
        if of_vpc && matches!(read.value().map(|v| &v.kind), Some(Kind::Ref(_))) {
            // `!GetAtt Vpc.CidrBlock`
            if let (Related::Found(named), Related::Found(own)) =
                (self.cx.estate.follow(read, &[VPC]), self.cx.estate.follow(&self.group.get("VpcId"), &[VPC]))
                && named.address == own.address
            {
                return Verdict::Pass;
            }
        }
        if read.why_unknown().is_some() {
            return unknown(read, expected);
        }
        let Some(net) = read.as_str().and_then(range) else { return fail(read, expected) };
        let listed = self.words().iter().filter_map(|word| range(word)).any(|allowed| allowed.contains(&net));
        match if of_vpc && net.prefix_len() > 0 && !listed { Some(vpc()) } else { None } {
            _ if listed => Verdict::Pass,
            None => fail(read, expected),
            Some(Ok((_, own))) if own.contains(&net) => Verdict::Pass,
            Some(Ok((vpc, _))) => {
                let expected = format!("{expected}; the VPC is {}", vpc.get("CidrBlock").as_str().unwrap_or_default());
                fail(read, &expected)
            }
            Some(Err(why)) => Verdict::unknown(Evidence::unknown(read, expected, why)),
        }
    }

    fn vpc(&self) -> Result<(&'a Resource, IpNet), Unknown> {
        let outside = || Unknown::Outside("the VPC's range".into());
        match self.cx.estate.follow(&self.group.get("VpcId"), &[VPC]) {
            Related::Found(vpc) => {
                let read = vpc.get("CidrBlock");
                let net = read.as_str().and_then(range);
                net.map(|net| (vpc, net)).ok_or_else(|| read.why_unknown().unwrap_or_else(outside))
            }
            Related::Missing => Err(outside()),
            Related::Unknown(why) => Err(why),
        }
    }
}

/// Whether a group belongs to an application load balancer. The error is why it cannot be told.
pub(super) fn guards_application<'a>(group: &'a Resource, cx: &Context<'a>) -> Result<bool, Unknown> {
    use crate::rules::readers::balancer::{Family, LOAD_BALANCER, family};
    let balancers = cx.estate.referrers(group, LOAD_BALANCER, "SecurityGroups");
    let mut open = balancers.incomplete;
    for balancer in balancers.items {
        match family(balancer) {
            Ok(Family::Application) => return Ok(true),
            Ok(_) => {}
            Err(unsure) => open = Some(unsure.why),
        }
    }
    open.map_or(Ok(false), Err)
}

/// Whether a rule names the group that it belongs to as its source; `None` if that cannot be told.
pub(super) fn from_itself(group: &Resource, rule: &GroupRule<'_>, cx: &Context<'_>) -> Option<bool> {
    let (source, own) = (rule.get("SourceSecurityGroupId"), rule.get("GroupId"));
    if let Related::Found(found) = cx.estate.follow(&source, &[GROUP]) {
        return Some(found.address == group.address);
    }
    // What is passed in is no group of the template.
    if source.is_absent() || &*group.kind == GROUP {
        return Some(false);
    }
    // The rule stands alone, and its group is elsewhere: the same id, or the same expression.
    let written = |read: &Read<'_>| principal::written(read).map(to_json);
    match (source.as_str(), own.as_str()) {
        (Some(source), Some(own)) => Some(source == own),
        _ if written(&source).is_some() && written(&source) == written(&own) => Some(true),
        _ => None,
    }
}
