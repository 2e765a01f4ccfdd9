//! Parameters.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::describe_parameters::DescribeParametersOutput;
use aws_sdk_ssm::types::{
    ParameterInlinePolicy, ParameterMetadata, ParameterTier, ParameterType, ResourceTypeForTagging,
};

use crate::collect::json::document;
use crate::collect::shape::{list, number, text, time, token};
use crate::collect::tags::{self, Tags};
use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec, tagged, tasks};
use crate::model::{Kind, Resource, Unknown};

const LIST: &str = "ssm:DescribeParameters";
const VALUES: &str = "ssm:GetParameters";
const TAGS: &str = "ssm:ListTagsForResource";

const TYPE: TypeSpec = TypeSpec {
    name: "AWS::SSM::Parameter",
    asked: &[("Value", VALUES), ("Tags", TAGS), ("", LIST)],
    reads: &["AllowedPattern", "DataType", "Description", "Name", "Policies", "Tags", "Tier", "Type", "Value"],
    on_demand: &["Tags", "Value"],
    calls: 2,
};

static SPEC: Spec = Spec {
    name: "ssm/parameters",
    reach: Reach::Regional,
    // Parameters, and the tags of many parameters.
    listings: 2,
    types: &[TYPE],
    actions: &[LIST, VALUES, TAGS, tags::LIST],
};

/// The largest page.
const PAGE: i32 = 50;
/// How many values one call may ask for.
const VALUES_AT_ONCE: usize = 10;
/// What Systems Manager answers about the tags of a parameter that is no more.
const GONE: &str = "InvalidResourceId";

/// Reads the parameters of one region. Encrypted values are never asked for.
pub struct Parameters;

#[async_trait]
impl Collector for Parameters {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let ssm = Client::new(&cx.config);
        let listing = cx
            .pages(
                LIST,
                &[TYPE.name],
                |start| ssm.describe_parameters().max_results(PAGE).set_next_token(start).send(),
                |page| token(page.next_token()),
            )
            .await;
        let parameters: Vec<&ParameterMetadata> =
            listing.pages.iter().flat_map(DescribeParametersOutput::parameters).collect();
        let named: Vec<(String, String)> = parameters.iter().map(|p| (name(p).to_owned(), arn(cx, p))).collect();
        let mut values = values(cx, &ssm, &parameters).await;
        let name_of = tagged::ids(&named);
        let mut told =
            cx.tags_of(TYPE.name, "ssm:parameter", &named, |cx, arn| tags_of_one(cx, ssm.clone(), name_of(&arn))).await;
        for (parameter, (name, arn)) in parameters.into_iter().zip(&named) {
            let value = values.remove(name).unwrap_or(Answer::Unknown(Unknown::NotCollected));
            // It is gone if it has no value.
            if !matches!(value, Answer::Absent) {
                let mut r = resource(cx, parameter, arn);
                r.set("Value", value.into_kind(|value| text(Some(&value))));
                tagged::as_map(&mut r, tagged::take(&mut told, arn));
                out.push(r);
            }
        }
        out.listed(TYPE.name, &listing.end);
    }
}

fn name(parameter: &ParameterMetadata) -> &str {
    parameter.name().unwrap_or_default()
}

/// The name's first slash is the ARN's own.
fn arn(cx: &Cx, parameter: &ParameterMetadata) -> String {
    let name = name(parameter);
    let made = || cx.arn("ssm", &format!("parameter/{}", name.strip_prefix('/').unwrap_or(name)));
    parameter.arn().map_or_else(made, str::to_owned)
}

fn resource(cx: &Cx, parameter: &ParameterMetadata, arn: &str) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, name(parameter), arn);
    r.set("Name", text(parameter.name()));
    r.set("Type", text(parameter.r#type().map(ParameterType::as_str)));
    r.set("DataType", text(parameter.data_type()));
    r.set("Description", text(parameter.description()));
    r.set("AllowedPattern", text(parameter.allowed_pattern()));
    r.set("Tier", text(parameter.tier().map(ParameterTier::as_str)));
    r.set("Policies", list(parameter.policies().iter().map(policy)));
    r.set_attribute("KeyId", text(parameter.key_id()));
    r.set_attribute("Version", number(Some(parameter.version())));
    r.set_attribute("LastModifiedDate", time(parameter.last_modified_date()));
    r.set_attribute("LastModifiedUser", text(parameter.last_modified_user()));
    r
}

fn policy(policy: &ParameterInlinePolicy) -> Kind {
    document(policy.policy_text())
}

/// The values that the scan is about, by name: absent for a parameter that is no more.
async fn values(cx: &Cx, ssm: &Client, parameters: &[&ParameterMetadata]) -> HashMap<String, Answer<String>> {
    let plain = |p: &&&ParameterMetadata| matches!(p.r#type(), Some(ParameterType::String | ParameterType::StringList));
    let names: Vec<String> = parameters
        .iter()
        .filter(plain)
        .map(|p| name(p).to_owned())
        .filter(|name| cx.wanted.wants(TYPE.name, name, &["Value"]))
        .collect();
    let readings = names.chunks(VALUES_AT_ONCE).map(|names| values_of_some(cx.clone(), ssm.clone(), names.to_vec()));
    tasks::all(readings.collect()).await.into_iter().flatten().collect()
}

async fn values_of_some(cx: Cx, ssm: Client, names: Vec<String>) -> Vec<(String, Answer<String>)> {
    let request = ssm.get_parameters().set_names(Some(names.clone())).with_decryption(false).send();
    let answer = cx.ask(VALUES, &[TYPE.name], &[], request).await;
    let found = answer.map(|found| found.parameters.unwrap_or_default());
    let value = |name: &str| match &found {
        Answer::Is(parameters) => {
            let parameter = parameters.iter().find(|p| p.name() == Some(name));
            parameter.map_or(Answer::Absent, |p| Answer::Is(p.value().unwrap_or_default().to_owned()))
        }
        Answer::Absent => Answer::Absent,
        Answer::Unknown(why) => Answer::Unknown(why.clone()),
    };
    names.iter().map(|name| (name.clone(), value(name))).collect()
}

async fn tags_of_one(cx: Cx, ssm: Client, name: String) -> Answer<Tags> {
    let request =
        ssm.list_tags_for_resource().resource_type(ResourceTypeForTagging::Parameter).resource_id(name).send();
    let answer = cx.ask(TAGS, &[TYPE.name], &[GONE], request).await;
    answer.map(|found| found.tag_list().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::collect::Wanted;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties, refused};
    use crate::model::to_json;
    use serde_json::json;

    /// A parameter of every type, the last one on the next page.
    fn aws(asked: &str) -> (u16, String) {
        let parameter = |name: &str, kind: &str| {
            json!({
                "Name": name, "ARN": format!("arn:aws:ssm:us-east-1:123456789012:parameter{name}"), "Type": kind, "Version": 3,
                "Tier": "Standard", "DataType": "text", "LastModifiedDate": 1_700_000_000.0, "Policies": [],
            })
        };
        let answer = match asked {
            list if list.contains("AmazonSSM.DescribeParameters") && list.contains(r#""NextToken":"more""#) => {
                let mut secret = parameter("/app/password", "SecureString");
                secret["KeyId"] = json!("alias/aws/ssm");
                json!({"Parameters": [secret]})
            }
            list if list.contains("AmazonSSM.DescribeParameters") => {
                assert!(list.contains(r#"{"MaxResults":50}"#), "{list}");
                let mut url = parameter("/app/url", "String");
                url["Description"] = json!("where it is");
                url["AllowedPattern"] = json!("^https:.*");
                url["Tier"] = json!("Advanced");
                let text =
                    r#"{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Days"}}"#;
                url["Policies"] =
                    json!([{"PolicyText": text, "PolicyType": "NoChangeNotification", "PolicyStatus": "Pending"}]);
                json!({"Parameters": [url, parameter("/app/zones", "StringList")], "NextToken": "more"})
            }
            values if values.contains("AmazonSSM.GetParameters") => {
                assert!(values.contains(r#""Names":["/app/url","/app/zones"]"#), "no encrypted one: {values}");
                assert!(values.contains(r#""WithDecryption":false"#), "{values}");
                json!({"Parameters": [{"Name": "/app/zones", "Value": "a,b"}, {"Name": "/app/url", "Value": "https://example.com"}]})
            }
            tags => {
                assert!(tags.contains("AmazonSSM.ListTagsForResource"), "{tags}");
                json!({"TagList": if tags.contains("/app/url") { json!([{"Key": "team", "Value": "pay"}]) } else { json!([]) }})
            }
        };
        (200, answer.to_string())
    }

    async fn found(aws: Aws) -> Vec<Resource> {
        let out = collected(&Parameters, &cx("us-east-1", aws)).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        out.resources
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Parameters, "us-east-1").await.resources, []);
    }

    #[tokio::test]
    async fn a_parameter_is_read_whole() {
        let parameters = found(aws).await;
        let [url, zones, _] = &parameters[..] else { panic!("{parameters:?}") };
        assert_eq!(properties(url), claimed(&SPEC, url));
        let expected = json!({
            "Name": "/app/url", "Type": "String", "DataType": "text", "Description": "where it is", "Tier": "Advanced",
            "AllowedPattern": "^https:.*", "Value": "https://example.com", "Tags": {"team": "pay"},
            "Policies": [{"Type": "NoChangeNotification", "Version": "1.0", "Attributes": {"After": "20", "Unit": "Days"}}],
        });
        assert_eq!(to_json(&url.properties), expected);
        assert_eq!(url.address.physical_id.as_deref(), Some("/app/url"));
        assert_eq!(url.address.arn.as_deref(), Some("arn:aws:ssm:us-east-1:123456789012:parameter/app/url"));
        assert_eq!(zones.get("Value").as_str(), Some("a,b"));
        assert!(zones.get("Policies").is_absent() && zones.get("Tags").is_absent());
    }

    #[tokio::test]
    async fn an_encrypted_value_stays_unknown_and_its_key_is_a_fact() {
        let secret = &found(aws).await[2];
        assert_eq!(secret.get("Type").as_str(), Some("SecureString"));
        assert_eq!(secret.get("Value").why_unknown(), Some(Unknown::NotCollected));
        assert_eq!(secret.attribute("KeyId").as_str(), Some("alias/aws/ssm"));
    }

    #[tokio::test]
    async fn denied_values_and_tags_are_unknown_each_for_itself() {
        let parameters = found(|asked| {
            let denied = !asked.contains("DescribeParameters");
            if denied { (400, r#"{"__type":"AccessDeniedException"}"#.into()) } else { aws(asked) }
        })
        .await;
        for (property, action) in [("Value", VALUES), ("Tags", TAGS)] {
            let why = parameters[0].get(property).why_unknown();
            assert_eq!(why, Some(Unknown::Denied { action: action.into() }));
        }
        assert_eq!(parameters[0].get("Tier").as_str(), Some("Advanced"));
    }

    #[tokio::test]
    async fn a_parameter_that_vanishes_is_dropped() {
        let parameters = found(|asked| {
            let gone = asked.contains("GetParameters");
            let answer =
                json!({"Parameters": [{"Name": "/app/url", "Value": "x"}], "InvalidParameters": ["/app/zones"]});
            if gone { (200, answer.to_string()) } else { aws(asked) }
        })
        .await;
        let names: Vec<_> = parameters.iter().filter_map(|r| r.address.physical_id.as_deref()).collect();
        assert_eq!(names, ["/app/url", "/app/password"]);
    }

    #[tokio::test]
    async fn what_nobody_wants_is_not_asked() {
        let mut cx = cx("us-east-1", |asked| {
            assert!(asked.contains("DescribeParameters"), "{asked}");
            aws(asked)
        });
        cx.wanted = Arc::new(Wanted::default());
        let out = collected(&Parameters, &cx).await;
        assert!(TYPE.on_demand.iter().all(|p| out.resources[0].get(p).why_unknown() == Some(Unknown::NotCollected)));
    }

    #[test]
    fn an_arn_that_is_not_told_is_made_of_the_name() {
        let cx = crate::collect::testing::offline("us-east-1");
        let made = |name: &str| arn(&cx, &ParameterMetadata::builder().name(name).build());
        assert_eq!(made("/app/url"), "arn:aws:ssm:us-east-1:123456789012:parameter/app/url");
        assert_eq!(made("flat"), "arn:aws:ssm:us-east-1:123456789012:parameter/flat");
    }
}
