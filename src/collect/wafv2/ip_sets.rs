//! IP sets.

use serde_json::Value as Json;

use super::{GONE, PAGE, TAGGED, TAGS, Waf};
use crate::collect::json::{at, items, kind, text};
use crate::collect::shape::{set, token};
use crate::collect::tagged;
use crate::collect::{Answer, Out, TypeSpec, tasks};
use crate::model::{Kind, Resource};

pub(super) const LIST: &str = "wafv2:ListIPSets";
pub(super) const GET: &str = "wafv2:GetIPSet";

/// What only [`GET`] tells.
const DETAILS: &[&str] = &["Addresses", "IPAddressVersion"];

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::WAFv2::IPSet",
    asked: &[("Addresses", GET), ("IPAddressVersion", GET), ("Tags", TAGS), ("", LIST)],
    reads: &["Addresses", "Description", "IPAddressVersion", "Name", "Scope", "Tags"],
    on_demand: &["Addresses", "IPAddressVersion", "Tags"],
    calls: 2,
};

pub(super) async fn collect(waf: &Waf) -> Out {
    let mut out = Out::default();
    let pages = waf
        .cx
        .pages_json(
            LIST,
            &[TYPE.name],
            |start| waf.client.list_ip_sets().scope(waf.scope.clone()).limit(PAGE).set_next_marker(start).send(),
            |page| token(page.next_marker()),
        )
        .await;
    out.listed(TYPE.name, &pages.end);
    let found: Vec<Json> = pages.pages.iter().flat_map(|page| items(page, "IPSets")).cloned().collect();
    let ids: Vec<_> =
        found.iter().map(|set| (waf.id(text(set, "Name"), text(set, "Id")), text(set, "ARN").to_owned())).collect();
    let readings = found.into_iter().map(|set| read(waf.clone(), set));
    let tags = waf.cx.tags_of(TYPE.name, TAGGED, &ids, |cx, arn| Waf { cx, ..waf.clone() }.tags_of(TYPE.name, arn));
    let (sets, tags) = tokio::join!(tasks::all(readings.collect()), Box::pin(tags));
    out.resources.extend(sets.into_iter().flatten().map(|r| tagged::of(r, &tags)));
    out
}

/// One IP set; `None` if it has gone meanwhile.
async fn read(waf: Waf, listed: Json) -> Option<Resource> {
    let (name, id) = (text(&listed, "Name"), text(&listed, "Id"));
    let physical_id = waf.id(name, id);
    let request = waf.client.get_ip_set().scope(waf.scope.clone()).name(name).id(id);
    let answer = waf.cx.ask_json_for((TYPE.name, &physical_id, DETAILS), GET, &[GONE], request.send()).await;
    let mut r = waf.cx.resource(waf.spec, TYPE.name, &physical_id, text(&listed, "ARN"));
    r.set("Name", kind(at(&listed, "Name")));
    r.set("Description", kind(at(&listed, "Description")));
    r.set("Scope", Kind::Str(waf.scope.as_str().into()));
    r.set_attribute("Id", kind(at(&listed, "Id")));
    match answer {
        Answer::Is(found) => {
            r.set("Addresses", set(items(&found, "IPSet.Addresses").iter().filter_map(Json::as_str)));
            r.set("IPAddressVersion", kind(at(&found, "IPSet.IPAddressVersion")));
        }
        Answer::Absent => return None,
        Answer::Unknown(why) => DETAILS.iter().for_each(|name| r.set(name, Kind::Unknown(why.clone()))),
    }
    Some(r)
}

#[cfg(test)]
mod tests {
    use super::super::{Protects, REGIONAL};
    use super::*;
    use crate::collect::testing::{Aws, claimed, cx, properties};
    use crate::model::{Unknown, to_json};
    use aws_sdk_wafv2::types::Scope;
    use serde_json::json;

    fn all(asked: &str) -> (u16, String) {
        let body = match asked {
            tags if tags.contains("ResourceARN") => {
                json!({"TagInfoForResource": {"TagList": [{"Key": "team", "Value": "net"}]}})
            }
            get if get.contains(r#""Id":"#) => json!({"IPSet": {
                "Name": "office", "Id": "1", "ARN": "arn:1", "IPAddressVersion": "IPV4",
                "Addresses": ["198.51.100.0/24", "192.0.2.0/24"],
            }}),
            second if second.contains(r#""NextMarker":"1""#) => {
                json!({"IPSets": [{"Name": "office", "Id": "2", "ARN": "arn:2", "Description": "the office"}]})
            }
            _ => {
                json!({"NextMarker": "1", "IPSets": [{"Name": "office", "Id": "1", "ARN": "arn:1", "Description": "x"}]})
            }
        };
        (200, body.to_string())
    }

    async fn sets(aws: Aws) -> Vec<Resource> {
        let nothing: Protects = &[];
        let mut out = collect(&Waf::new(cx("eu-west-1", aws), &REGIONAL, Scope::Regional, nothing)).await;
        assert_eq!(out.listed[TYPE.name], Ok(()));
        out.resources.sort_by(|a, b| a.address.cmp(&b.address));
        out.resources
    }

    #[tokio::test]
    async fn an_ip_set_reads_as_cloudformation_would_declare_it_on_every_page() {
        let sets = sets(all).await;
        let [_, second] = &sets[..] else { panic!("two pages of one: {sets:?}") };
        assert_eq!(properties(second), claimed(&REGIONAL, second));
        assert_eq!(second.address.physical_id.as_deref(), Some("office|2|REGIONAL"));
        let expected = json!({
            "Addresses": ["192.0.2.0/24", "198.51.100.0/24"], "Description": "the office", "IPAddressVersion": "IPV4",
            "Name": "office", "Scope": "REGIONAL", "Tags": [{"Key": "team", "Value": "net"}],
        });
        assert_eq!(to_json(&second.properties), expected);
    }

    #[tokio::test]
    async fn denied_addresses_are_unknown_and_a_set_that_vanishes_is_dropped() {
        let sets = sets(|asked| match asked {
            gone if gone.contains(r#""Id":"1""#) => (400, format!(r#"{{"__type":"{GONE}"}}"#)),
            denied if denied.contains(r#""Id":"2""#) => (400, r#"{"__type":"AccessDeniedException"}"#.into()),
            other => all(other),
        })
        .await;
        let [denied] = &sets[..] else { panic!("the first is gone: {sets:?}") };
        assert_eq!(denied.get("Addresses").why_unknown(), Some(Unknown::Denied { action: GET.into() }));
        assert_eq!(denied.get("Description").as_str(), Some("the office"));
    }
}
