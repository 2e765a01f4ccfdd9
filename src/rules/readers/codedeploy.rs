//! CodeDeploy deployment groups: what they deploy to, and which listeners and target groups they shift traffic between.

use super::given_name;
use crate::model::{Estate, Items, Read, Related, Resource, Unknown, Value};

/// `AWS::CodeDeploy::DeploymentGroup`.
pub(in crate::rules) const GROUP: &str = "AWS::CodeDeploy::DeploymentGroup";
/// `AWS::CodeDeploy::Application`.
pub(in crate::rules) const APPLICATION: &str = "AWS::CodeDeploy::Application";

/// What a deployment group deploys to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Platform {
    /// Instances, in EC2 or elsewhere.
    Server,
    /// Services of ECS.
    Ecs,
    /// Functions.
    Lambda,
}

impl Platform {
    /// The name that `ComputePlatform` takes.
    pub(in crate::rules) fn name(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::Ecs => "ECS",
            Self::Lambda => "Lambda",
        }
    }

    fn named(text: &str) -> Option<Self> {
        [Self::Server, Self::Ecs, Self::Lambda].into_iter().find(|platform| platform.name().eq_ignore_ascii_case(text))
    }
}

/// The application of a group.
pub(in crate::rules) fn application<'a>(estate: &'a Estate, group: &Resource) -> Related<'a> {
    given_name::find(estate, &group.get("ApplicationName"), &[(APPLICATION, "ApplicationName")])
}

/// What a group deploys to: its application says so (`Server` if it does not say), or what the group itself names.
pub(in crate::rules) fn platform(estate: &Estate, group: &Resource) -> Result<Platform, Unknown> {
    let says = |property: &str| matches!(group.get(property).items(), Items::Are(items) if !items.is_empty());
    let why = match application(estate, group) {
        Related::Found(application) => {
            let platform = application.get("ComputePlatform");
            match (platform.why_unknown(), platform.as_str()) {
                (None, None) => return Ok(Platform::Server),
                (None, Some(text)) => {
                    return Platform::named(text).ok_or_else(|| Unknown::Unsupported(text.into()));
                }
                (Some(why), _) => why,
            }
        }
        Related::Missing => Unknown::Outside("the application".into()),
        Related::Unknown(why) => why,
    };
    if says("ECSServices") {
        return Ok(Platform::Ecs);
    }
    if ["AutoScalingGroups", "Ec2TagFilters", "Ec2TagSet", "OnPremisesInstanceTagFilters"].into_iter().any(says) {
        return Ok(Platform::Server);
    }
    Err(why)
}

/// The names of the target groups that a group sends traffic to, in whichever form it names them.
pub(in crate::rules) fn target_groups(group: &Resource) -> Vec<Read<'_>> {
    let balancing = group.get("LoadBalancerInfo");
    let mut found = names(&balancing.get("TargetGroupInfoList"), "Name");
    for pair in elements(&balancing.get("TargetGroupPairInfoList")) {
        found.extend(names(&pair.get("TargetGroups"), "Name"));
    }
    found
}

/// The listeners whose traffic a group shifts: those of production, and those of tests.
pub(in crate::rules) fn listeners(group: &Resource) -> Vec<Read<'_>> {
    let pairs = elements(&group.get("LoadBalancerInfo.TargetGroupPairInfoList"));
    let routes = pairs.iter().flat_map(|pair| [pair.get("ProdTrafficRoute"), pair.get("TestTrafficRoute")]);
    routes.flat_map(|route| elements(&route.get("ListenerArns"))).collect()
}

/// Whether a group shifts the traffic of a listener: it names the listener, or one of the target groups that `forwarded` holds.
pub(in crate::rules) fn owns(estate: &Estate, group: &Resource, listener: &Resource, forwarded: &[&Resource]) -> bool {
    let is = |found: &Related<'_>, wanted: &Resource| matches!(found, Related::Found(r) if r.address == wanted.address);
    listeners(group).iter().any(|read| is(&estate.follow(read, &[&*listener.kind]), listener))
        || target_groups(group).iter().any(|read| {
            let found = target_group(estate, read);
            forwarded.iter().any(|target| is(&found, target))
        })
}

/// The target group that a group names: by name, as CodeDeploy wants it.
pub(in crate::rules) fn target_group<'a>(estate: &'a Estate, name: &Read<'_>) -> Related<'a> {
    given_name::find(estate, name, &[(TARGET_GROUP, "Name")])
}

/// `AWS::ElasticLoadBalancingV2::TargetGroup`.
pub(in crate::rules) const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

/// Whether a group deploys blue/green and shifts the traffic itself.
pub(in crate::rules) fn blue_green(group: &Resource) -> Result<bool, Unknown> {
    let is = |property: &str, wanted: &str| {
        let read = group.get("DeploymentStyle").get(property);
        match (read.why_unknown(), read.value().and_then(Value::as_str)) {
            (Some(why), _) => Err(why),
            (None, text) => Ok(text == Some(wanted)),
        }
    };
    Ok(is("DeploymentType", "BLUE_GREEN")? && is("DeploymentOption", "WITH_TRAFFIC_CONTROL")?)
}

/// The elements of a list that can be read.
fn elements<'a>(list: &Read<'a>) -> Vec<Read<'a>> {
    match list.items() {
        Items::Are(items) => items,
        Items::Absent | Items::Unknown => Vec::new(),
    }
}

fn names<'a>(list: &Read<'a>, property: &str) -> Vec<Read<'a>> {
    elements(list).iter().map(|item| item.get(property)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn declared(kind: &str, id: &str, properties: &Json) -> Resource {
        let address = Address { stack: Some("s".into()), logical_id: Some(id.into()), ..Address::default() };
        let mut r = Resource::new(kind, address, World::Closed, Span::LIVE);
        r.properties = from_json(properties);
        r
    }

    fn group(properties: &Json) -> Resource {
        declared(GROUP, "Group", properties)
    }

    #[test]
    fn the_platform_comes_from_the_application_or_from_what_the_group_names() {
        let applications = || {
            vec![
                declared(APPLICATION, "Shop", &json!({"ApplicationName": "shop", "ComputePlatform": "Lambda"})),
                declared(APPLICATION, "Site", &json!({"ApplicationName": "site"})),
            ]
        };
        for (properties, expected) in [
            (json!({"ApplicationName": "shop"}), Some(Platform::Lambda)),
            (json!({"ApplicationName": "site"}), Some(Platform::Server)),
            (json!({"ApplicationName": "else", "ECSServices": [{}]}), Some(Platform::Ecs)),
            (json!({"ApplicationName": "else", "AutoScalingGroups": ["web"]}), Some(Platform::Server)),
            (json!({"ApplicationName": "else"}), None),
        ] {
            let mut all = applications();
            all.push(group(&properties));
            let estate = Estate::new(all, None);
            let group = estate.by_logical_id("s", "Group").unwrap();
            assert_eq!(platform(&estate, group).ok(), expected, "{properties}");
        }
    }

    #[test]
    fn target_groups_and_listeners_are_found_in_either_form() {
        let pairs = group(&json!({"LoadBalancerInfo": {"TargetGroupPairInfoList": [{
            "ProdTrafficRoute": {"ListenerArns": ["arn:prod"]}, "TestTrafficRoute": {"ListenerArns": ["arn:test"]},
            "TargetGroups": [{"Name": "blue"}, {"Name": "green"}],
        }]}}));
        let list = group(&json!({"LoadBalancerInfo": {"TargetGroupInfoList": [{"Name": "blue"}]}}));
        let texts =
            |reads: Vec<Read<'_>>| reads.iter().filter_map(|r| r.as_str().map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(texts(target_groups(&pairs)), ["blue", "green"]);
        assert_eq!(texts(listeners(&pairs)), ["arn:prod", "arn:test"]);
        assert_eq!(texts(target_groups(&list)), ["blue"]);
        let estate = Estate::new(vec![declared(TARGET_GROUP, "Blue", &json!({"Name": "blue"})), list], None);
        let (listener, blue) = (declared("Listener", "L", &json!({})), estate.by_logical_id("s", "Blue").unwrap());
        let list = estate.by_logical_id("s", "Group").unwrap();
        assert!(owns(&estate, list, &listener, &[blue]));
        assert!(!owns(&estate, list, &listener, &[]));
    }

    #[test]
    fn blue_green_needs_both_halves_of_the_style() {
        let style =
            |kind: &str, option: &str| json!({"DeploymentStyle": {"DeploymentType": kind, "DeploymentOption": option}});
        for (properties, expected) in [
            (style("BLUE_GREEN", "WITH_TRAFFIC_CONTROL"), true),
            (style("IN_PLACE", "WITH_TRAFFIC_CONTROL"), false),
            (style("BLUE_GREEN", "WITHOUT_TRAFFIC_CONTROL"), false),
            (json!({}), false),
        ] {
            assert_eq!(blue_green(&group(&properties)), Ok(expected), "{properties}");
        }
    }
}
