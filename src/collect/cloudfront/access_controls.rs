//! Origin access controls: how CloudFront signs what it asks of an origin.

use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::types::OriginAccessControlSummary;

use super::{PAGE, SPEC};
use crate::collect::shape::{map, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::Resource;

pub(super) const LIST: &str = "cloudfront:ListOriginAccessControls";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::CloudFront::OriginAccessControl",
    asked: &[("", LIST)],
    reads: &["OriginAccessControlConfig"],
    ..TypeSpec::LISTED
};

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let mut out = Out::default();
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| client.list_origin_access_controls().max_items(PAGE).set_marker(start).send(),
            |page| page.origin_access_control_list().and_then(|list| token(list.next_marker())),
        )
        .await;
    let lists = pages.pages.iter().filter_map(|page| page.origin_access_control_list());
    for control in lists.flat_map(aws_sdk_cloudfront::types::OriginAccessControlList::items) {
        out.push(resource(cx, control));
    }
    out.listed(TYPE.name, &pages.end);
    out
}

fn resource(cx: &Cx, control: &OriginAccessControlSummary) -> Resource {
    let id = control.id();
    let arn = format!("arn:{}:cloudfront::{}:origin-access-control/{id}", cx.partition, cx.account);
    let mut r = cx.resource(&SPEC, TYPE.name, id, &arn);
    r.set(
        "OriginAccessControlConfig",
        map([
            ("Description", text(Some(control.description()))),
            ("Name", text(Some(control.name()))),
            ("OriginAccessControlOriginType", text(Some(control.origin_access_control_origin_type().as_str()))),
            ("SigningBehavior", text(Some(control.signing_behavior().as_str()))),
            ("SigningProtocol", text(Some(control.signing_protocol().as_str()))),
        ]),
    );
    r.set_attribute("Id", text(Some(id)));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, cx, properties};
    use crate::model::{GLOBAL, to_json};
    use serde_json::json;

    fn page(id: &str, next: &str) -> String {
        format!(
            "<OriginAccessControlList><Marker/>{next}<MaxItems>100</MaxItems><IsTruncated>true</IsTruncated>
             <Quantity>1</Quantity><Items><OriginAccessControlSummary><Id>{id}</Id><Description/><Name>assets</Name>
             <SigningProtocol>sigv4</SigningProtocol><SigningBehavior>always</SigningBehavior>
             <OriginAccessControlOriginType>s3</OriginAccessControlOriginType></OriginAccessControlSummary></Items>
             </OriginAccessControlList>"
        )
    }

    #[tokio::test]
    async fn controls_read_as_cloudformation_would_declare_them_on_every_page() {
        let cx = cx(GLOBAL, |asked| {
            assert!(
                asked.starts_with("GET https://cloudfront.amazonaws.com/2020-05-31/origin-access-control?"),
                "{asked}"
            );
            if asked.contains("Marker=E1") {
                return (200, page("E2", ""));
            }
            (200, page("E1", "<NextMarker>E1</NextMarker>"))
        });
        let out = collect(&cx, &Client::new(&cx.config)).await;
        let [first, second] = &out.resources[..] else { panic!("two pages of one: {out:?}") };
        assert_eq!(properties(first), claimed(&SPEC, first));
        assert_eq!(second.address.physical_id.as_deref(), Some("E2"));
        assert_eq!(first.address.arn.as_deref(), Some("arn:aws:cloudfront::123456789012:origin-access-control/E1"));
        let expected = json!({"OriginAccessControlConfig": {
            "Name": "assets", "OriginAccessControlOriginType": "s3", "SigningBehavior": "always",
            "SigningProtocol": "sigv4",
        }});
        assert_eq!(to_json(&first.properties), expected);
    }
}
