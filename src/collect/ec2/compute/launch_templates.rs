//! Launch templates: the latest version's data is the property, the default version's a fact.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_launch_templates::DescribeLaunchTemplatesOutput;
use aws_sdk_ec2::types::{LaunchTemplate, LaunchTemplateVersion};

use super::super::shape::{Fill, Shape, tags};
use super::SPEC;
use super::template_data::data;
use crate::collect::shape::{list, token};
use crate::collect::{Answer, Cx, Out, TypeSpec};
use crate::model::{Kind, Resource, Unknown};

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::EC2::LaunchTemplate",
    asked: &[("", "ec2:DescribeLaunchTemplateVersions")],
    reads: &["LaunchTemplateName", "LaunchTemplateData", "VersionDescription", "TagSpecifications", "Tags"],
    calls: 1,
    ..TypeSpec::LISTED
};

/// The largest page of both listings.
const PAGE: i32 = 200;
/// How EC2 says that there is no such template.
const NO_SUCH_TEMPLATE: &str = "InvalidLaunchTemplateId.NotFoundException";
/// What EC2 calls a launch template where it tags one.
const LAUNCH_TEMPLATE_TAGS: &str = "launch-template";

/// The latest and default versions of all templates, by template id and number.
struct Versions {
    by_number: BTreeMap<(String, i64), LaunchTemplateVersion>,
    end: Result<(), Unknown>,
}

impl Versions {
    fn new(versions: impl IntoIterator<Item = LaunchTemplateVersion>, end: Result<(), Unknown>) -> Self {
        let key = |v: &LaunchTemplateVersion| {
            (v.launch_template_id().unwrap_or_default().to_owned(), v.version_number().unwrap_or_default())
        };
        Self { by_number: versions.into_iter().map(|v| (key(&v), v)).collect(), end }
    }

    fn add(&mut self, other: Self) {
        self.by_number.extend(other.by_number);
        self.end = self.end.clone().and(other.end);
    }

    /// Whether a version of the template is missing although nothing went wrong.
    fn lack(&self, template: &LaunchTemplate) -> bool {
        let id = template.launch_template_id().unwrap_or_default();
        let numbers = [template.latest_version_number(), template.default_version_number()];
        self.end.is_ok() && numbers.into_iter().any(|number| self.get(id, number).is_err())
    }

    /// A version, or why it is not known. One that a whole listing does not have was made meanwhile.
    fn get(&self, template: &str, number: Option<i64>) -> Result<&LaunchTemplateVersion, Unknown> {
        let found = number.and_then(|number| self.by_number.get(&(template.to_owned(), number)));
        found.ok_or_else(|| self.end.clone().err().unwrap_or(Unknown::NotCollected))
    }
}

pub(super) async fn collect(cx: &Cx, client: &Client) -> Out {
    let (listing, mut versions) = tokio::join!(
        cx.pages(
            "ec2:DescribeLaunchTemplates",
            &[TYPE.name],
            |start| client.describe_launch_templates().max_results(PAGE).set_next_token(start).send(),
            |page| token(page.next_token())
        ),
        read_versions(cx, client, None)
    );
    let mut out = Out::default();
    out.listed(TYPE.name, &listing.end);
    for template in listing.pages.iter().flat_map(DescribeLaunchTemplatesOutput::launch_templates) {
        // A template that was made meanwhile.
        if versions.lack(template) {
            versions.add(read_versions(cx, client, template.launch_template_id()).await);
        }
        out.push(resource(cx, template, &versions));
    }
    out
}

/// The latest and default versions, of one template or of all that there are.
async fn read_versions(cx: &Cx, client: &Client, template: Option<&str>) -> Versions {
    let request = client
        .describe_launch_template_versions()
        .set_launch_template_id(template.map(Into::into))
        .versions("$Latest")
        .versions("$Default")
        .max_results(PAGE);
    let mut versions = Versions::new([], Ok(()));
    let mut token = None;
    loop {
        let call = request.clone().set_next_token(token).send();
        match cx.ask("ec2:DescribeLaunchTemplateVersions", &[TYPE.name], &[NO_SUCH_TEMPLATE], call).await {
            Answer::Is(page) => {
                versions.add(Versions::new(page.launch_template_versions.unwrap_or_default(), Ok(())));
                token = page.next_token.filter(|token| !token.is_empty());
            }
            Answer::Absent => token = None,
            Answer::Unknown(why) => {
                versions.end = Err(why);
                return versions;
            }
        }
        if token.is_none() {
            return versions;
        }
    }
}

fn resource(cx: &Cx, template: &LaunchTemplate, versions: &Versions) -> Resource {
    let id = template.launch_template_id().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, id, &cx.arn("ec2", &format!("launch-template/{id}")));
    let (latest, default) = (template.latest_version_number(), template.default_version_number());
    r.property("LaunchTemplateName", template.launch_template_name());
    match versions.get(id, latest) {
        Ok(version) => {
            r.property("LaunchTemplateData", version.launch_template_data().map(data));
            r.property("VersionDescription", version.version_description());
        }
        Err(why) => {
            r.property("LaunchTemplateData", Kind::Unknown(why.clone()));
            r.property("VersionDescription", Kind::Unknown(why));
        }
    }
    if default != latest {
        let kind = versions.get(id, default).map(|v| v.launch_template_data().map_or(Kind::Null, data));
        r.fact("DefaultData", kind.unwrap_or_else(Kind::Unknown));
    }
    r.fact("LatestVersionNumber", latest);
    r.fact("DefaultVersionNumber", default);
    tags(&mut r, template.tags());
    // The schema has the template's own tags in here, not as `Tags`.
    let own = r.properties.child("Tags").map(|tags| tags.kind.clone());
    let own =
        own.map(|tags| Shape::default().with("ResourceType", LAUNCH_TEMPLATE_TAGS).with("Tags", tags).into_kind());
    r.property("TagSpecifications", list(own));
    r
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{ResponseLaunchTemplateData, Tag};

    use super::*;
    use crate::collect::testing::{cx, offline};

    fn template(latest: i64) -> LaunchTemplate {
        LaunchTemplate::builder()
            .launch_template_id("lt-1")
            .latest_version_number(latest)
            .default_version_number(1)
            .tags(Tag::builder().key("a").value("1").build())
            .build()
    }

    fn version(number: i64, image: &str) -> LaunchTemplateVersion {
        let data = ResponseLaunchTemplateData::builder().image_id(image).build();
        LaunchTemplateVersion::builder()
            .launch_template_id("lt-1")
            .version_number(number)
            .launch_template_data(data)
            .build()
    }

    #[test]
    fn the_latest_version_is_the_property_and_a_different_default_is_a_fact() {
        let versions = Versions::new([version(1, "ami-1"), version(2, "ami-2")], Ok(()));
        let r = resource(&offline("eu-west-1"), &template(2), &versions);
        assert_eq!(r.get("LaunchTemplateData.ImageId").as_str(), Some("ami-2"));
        assert_eq!(r.attribute("DefaultData").get("ImageId").as_str(), Some("ami-1"));
        assert_eq!(r.get("TagSpecifications.0.Tags.0.Key").as_str(), Some("a"));

        let same = resource(&offline("eu-west-1"), &template(1), &versions);
        assert_eq!(same.get("LaunchTemplateData.ImageId").as_str(), Some("ami-1"));
        assert!(same.attribute("DefaultData").is_absent());
    }

    #[test]
    fn without_the_versions_the_template_is_known_but_not_its_data() {
        let why = Unknown::Denied { action: "ec2:DescribeLaunchTemplateVersions".into() };
        let r = resource(&offline("eu-west-1"), &template(2), &Versions::new([], Err(why.clone())));
        assert_eq!(r.get("LaunchTemplateData.ImageId").why_unknown(), Some(why.clone()));
        assert_eq!(r.attribute("DefaultData").why_unknown(), Some(why));
    }

    #[tokio::test]
    async fn a_template_that_the_listing_of_versions_lacks_is_asked_for_by_id() {
        fn aws(asked: &str) -> (u16, String) {
            let id = "<launchTemplateId>lt-1</launchTemplateId>";
            if asked.contains("Action=DescribeLaunchTemplates&") {
                let numbers =
                    "<latestVersionNumber>1</latestVersionNumber><defaultVersionNumber>1</defaultVersionNumber>";
                let list = format!("<launchTemplates><item>{id}{numbers}</item></launchTemplates>");
                return (200, format!("<DescribeLaunchTemplatesResponse>{list}</DescribeLaunchTemplatesResponse>"));
            }
            if !asked.contains("LaunchTemplateId=lt-1") {
                let error = format!("<Error><Code>{NO_SUCH_TEMPLATE}</Code><Message>no</Message></Error>");
                return (400, format!("<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"));
            }
            let data = "<launchTemplateData><imageId>ami-1</imageId></launchTemplateData>";
            let item = format!("<item>{id}<versionNumber>1</versionNumber>{data}</item>");
            let list = format!("<launchTemplateVersionSet>{item}</launchTemplateVersionSet>");
            (200, format!("<DescribeLaunchTemplateVersionsResponse>{list}</DescribeLaunchTemplateVersionsResponse>"))
        }
        let cx = cx("eu-west-1", aws);
        let out = collect(&cx, &Client::new(&cx.config)).await;
        assert_eq!(out.resources[0].get("LaunchTemplateData.ImageId").as_str(), Some("ami-1"));
        assert!(cx.calls.gaps().is_empty());
    }
}
