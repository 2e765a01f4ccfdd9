//! What costs a call per instance.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instance_attribute::DescribeInstanceAttributeOutput;
use aws_sdk_ec2::types::{AttributeBooleanValue, AttributeValue, Instance, InstanceAttributeName, InstanceType};

use super::instances;
use crate::collect::shape::{flag, map, text};
use crate::collect::{Answer, Cx};
use crate::model::{Kind, Resource};

pub(super) const READ: &str = "ec2:DescribeInstanceAttribute";
pub(super) const CREDITS: &str = "ec2:DescribeInstanceCreditSpecifications";
/// How EC2 says that there is no such instance.
const NO_SUCH_INSTANCE: &str = "InvalidInstanceID.NotFound";

/// The instance with its attributes; nothing if it has gone meanwhile.
pub(super) async fn with_attributes(cx: Cx, client: Client, instance: Instance, mut r: Resource) -> Option<Resource> {
    let id = instance.instance_id().unwrap_or_default();
    let (user_data, protected, shutdown, credits) = tokio::join!(
        attribute(&cx, &client, id, "UserData", InstanceAttributeName::UserData),
        attribute(&cx, &client, id, "DisableApiTermination", InstanceAttributeName::DisableApiTermination),
        attribute(
            &cx,
            &client,
            id,
            "InstanceInitiatedShutdownBehavior",
            InstanceAttributeName::InstanceInitiatedShutdownBehavior
        ),
        credits(&cx, &client, &instance),
    );
    let word = |value: Option<&AttributeValue>| text(value.and_then(AttributeValue::value));
    let truth = |value: Option<&AttributeBooleanValue>| flag(value.and_then(AttributeBooleanValue::value));
    let told = [
        ("UserData", user_data.map(|a| word(a.user_data()))),
        ("DisableApiTermination", protected.map(|a| truth(a.disable_api_termination()))),
        ("InstanceInitiatedShutdownBehavior", shutdown.map(|a| word(a.instance_initiated_shutdown_behavior()))),
        ("CreditSpecification", credits),
    ];
    for (name, answer) in told {
        match answer {
            Answer::Is(kind) => r.set(name, kind),
            Answer::Absent => return None,
            Answer::Unknown(why) => r.set(name, Kind::Unknown(why)),
        }
    }
    Some(r)
}

async fn attribute(
    cx: &Cx,
    client: &Client,
    id: &str,
    property: &str,
    name: InstanceAttributeName,
) -> Answer<DescribeInstanceAttributeOutput> {
    let call = client.describe_instance_attribute().instance_id(id).attribute(name).send();
    cx.ask_for((instances::TYPE.name, id, &[property]), READ, &[NO_SUCH_INSTANCE], call).await
}

/// Only instances of these families have credits; asked about another one, EC2 answers with an error.
const BURSTABLE: &[&str] = &["t2.", "t3.", "t3a.", "t4g."];

async fn credits(cx: &Cx, client: &Client, instance: &Instance) -> Answer<Kind> {
    let name = instance.instance_type().map_or("", InstanceType::as_str);
    if !BURSTABLE.iter().any(|family| name.starts_with(family)) {
        return Answer::Is(Kind::Null);
    }
    let id = instance.instance_id().unwrap_or_default();
    let call = client.describe_instance_credit_specifications().instance_ids(id).send();
    let about = (instances::TYPE.name, id, &["CreditSpecification"][..]);
    cx.ask_for(about, CREDITS, &[NO_SUCH_INSTANCE], call).await.map(|answer| {
        let credits = answer.instance_credit_specifications().first();
        map([("CPUCredits", text(credits.and_then(|c| c.cpu_credits())))])
    })
}

#[cfg(test)]
mod tests {
    use super::super::volumes::Volumes;
    use super::super::{SPEC, instances::Instances};
    use super::*;
    use crate::collect::testing::{Aws, cx};
    use crate::collect::{Out, Wanted};
    use crate::model::Unknown;

    const AWS: Aws = |asked| {
        let error = |status, code: &str| {
            let error = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
            (status, format!("<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>"))
        };
        let told = |name: &str, value: &str| {
            let value = format!("<instanceId>i-1</instanceId><{name}><value>{value}</value></{name}>");
            (200, format!("<DescribeInstanceAttributeResponse>{value}</DescribeInstanceAttributeResponse>"))
        };
        match asked {
            _ if asked.contains("i-gone") => error(400, NO_SUCH_INSTANCE),
            _ if asked.contains("CreditSpecifications") => {
                let item = "<item><instanceId>i-1</instanceId><cpuCredits>unlimited</cpuCredits></item>";
                let set = format!("<instanceCreditSpecificationSet>{item}</instanceCreditSpecificationSet>");
                let action = "DescribeInstanceCreditSpecificationsResponse";
                (200, format!("<{action}>{set}</{action}>"))
            }
            _ if asked.contains("userData") => told("userData", "ZWNobw=="),
            _ if asked.contains("disableApiTermination") => told("disableApiTermination", "true"),
            _ => error(403, "UnauthorizedOperation"),
        }
    };

    async fn collected(cx: &Cx, named: &[(&str, &str)]) -> Out {
        let instance = |(id, name): &(&str, &str)| {
            Instance::builder().instance_id(*id).instance_type(InstanceType::from(*name)).build()
        };
        let all = Instances::new(named.iter().map(instance), Ok(()));
        instances::collect(cx, &Client::new(&cx.config), &all, &Volumes::new([], Ok(()))).await
    }

    #[tokio::test]
    async fn each_attribute_is_a_call_and_a_refused_one_is_unknown_alone() {
        let cx = cx("eu-west-1", AWS);
        let out = collected(&cx, &[("i-1", "t3.micro"), ("i-gone", "m5.large")]).await;
        let [r] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(r.get("UserData").as_str(), Some("ZWNobw=="));
        assert_eq!(r.get("DisableApiTermination").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        assert_eq!(r.get("CreditSpecification.CPUCredits").as_str(), Some("unlimited"));
        let why = Unknown::Denied { action: READ.into() };
        assert_eq!(r.get("InstanceInitiatedShutdownBehavior").why_unknown(), Some(why));
    }

    #[tokio::test]
    async fn only_what_bursts_has_credits_and_nobody_asks_for_what_nobody_looks_at() {
        let mut cx = cx("eu-west-1", AWS);
        cx.wanted = Wanted::default().into();
        let out = collected(&cx, &[("i-1", "trn1.2xlarge")]).await;
        assert!(cx.calls.made().is_empty());
        assert!(out.resources[0].get("CreditSpecification").is_absent());
        for property in SPEC.of("AWS::EC2::Instance").unwrap().on_demand.iter().filter(|p| **p != "CreditSpecification")
        {
            assert_eq!(out.resources[0].get(property).why_unknown(), Some(Unknown::NotCollected), "{property}");
        }
    }
}
