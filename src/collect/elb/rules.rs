//! Rules of the listeners of application load balancers: one listing per listener.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::describe_rules::DescribeRulesOutput;
use aws_sdk_elasticloadbalancingv2::types::Rule;

use super::actions::actions;
use super::conditions::{conditions, transforms};
use super::{PAGE, SPEC, is_gone, tags};
use crate::collect::gone::unless;
use crate::collect::shape::{flag, number, text, token};
use crate::collect::{Cx, Out, TypeSpec};
use crate::model::{Provenance, Resource};

pub(super) const LIST: &str = "elasticloadbalancing:DescribeRules";

pub(super) const TYPE: TypeSpec = TypeSpec {
    name: "AWS::ElasticLoadBalancingV2::ListenerRule",
    asked: &[("Tags", tags::LIST), ("", LIST)],
    reads: &["Actions", "Conditions", "ListenerArn", "Priority", "Tags", "Transforms"],
    on_demand: &["Tags"],
    calls: 1,
};

/// The rules of a listener without their tags.
pub(super) async fn collect(cx: &Cx, elb: &Client, listener: &str) -> Out {
    let request = elb.describe_rules().listener_arn(listener).page_size(PAGE);
    let pages = cx
        .pages(
            LIST,
            &[TYPE.name],
            |start| unless(is_gone, request.clone().set_marker(start).send()),
            |page| token(page.as_ref()?.next_marker()),
        )
        .await;
    let rules = pages.pages.iter().flatten().flat_map(DescribeRulesOutput::rules);
    Out::of(TYPE.name, rules.map(|rule| resource(cx, listener, rule)), &pages.end)
}

fn resource(cx: &Cx, listener: &str, rule: &Rule) -> Resource {
    let arn = rule.rule_arn().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TYPE.name, arn, arn);
    r.set("ListenerArn", text(Some(listener)));
    r.set("Priority", number(rule.priority().and_then(|priority| priority.parse::<i64>().ok())));
    r.set("Conditions", conditions(rule.conditions()));
    r.set("Actions", actions(rule.actions(), number));
    r.set("Transforms", transforms(rule.transforms()));
    r.set_attribute("RuleArn", text(Some(arn)));
    r.set_attribute("IsDefault", flag(rule.is_default()));
    // It comes and goes with the listener and does what the listener's default actions say.
    if rule.is_default() == Some(true) {
        r.provenance = Provenance::Service;
    }
    r
}

#[cfg(test)]
mod tests {
    use super::super::LoadBalancers;
    use super::*;
    use crate::collect::testing::query::{action, answer, error};
    use crate::collect::testing::{Aws, claimed, collected, cx, properties};
    use crate::model::{Kind, Unknown, Value};

    fn web(asked: &str) -> (u16, String) {
        match action(asked) {
            list @ "DescribeLoadBalancers" => answer(
                list,
                "<LoadBalancers>
                <member><LoadBalancerArn>arn:lb/app</LoadBalancerArn><Type>application</Type></member>
                <member><LoadBalancerArn>arn:lb/net</LoadBalancerArn><Type>network</Type></member></LoadBalancers>",
            ),
            list @ "DescribeListeners" => {
                let of = if asked.contains("lb%2Fapp") { "app" } else { "net" };
                let listener = format!("<member><ListenerArn>arn:listener/{of}</ListenerArn></member>");
                answer(list, &format!("<Listeners>{listener}</Listeners>"))
            }
            list @ "DescribeRules" => {
                assert!(asked.contains("listener%2Fapp"), "other load balancers have no rules: {asked}");
                if asked.contains("Marker=2") {
                    answer(
                        list,
                        "<Rules><member><RuleArn>arn:rule/default</RuleArn><Priority>default</Priority>
                        <IsDefault>true</IsDefault></member></Rules>",
                    )
                } else {
                    answer(
                        list,
                        "<Rules><member><RuleArn>arn:rule/1</RuleArn><Priority>10</Priority><IsDefault>false</IsDefault>
                        <Conditions><member><Field>path-pattern</Field><Values><member>/api/*</member></Values></member></Conditions>
                        <Actions><member><Type>forward</Type><TargetGroupArn>arn:g</TargetGroupArn></member></Actions>
                        </member></Rules><NextMarker>2</NextMarker>",
                    )
                }
            }
            other => answer(other, ""),
        }
    }

    async fn rules(aws: Aws) -> Out {
        let mut out = collected(&LoadBalancers, &cx("eu-west-1", aws)).await;
        out.resources.retain(|r| &*r.kind == TYPE.name);
        out
    }

    #[tokio::test]
    async fn rules_are_read_page_by_page_and_the_default_one_is_the_services_own() {
        let out = rules(web).await;
        let [rule, default] = &out.resources[..] else { panic!("two rules: {out:?}") };
        assert_eq!(properties(rule), claimed(&SPEC, rule));
        assert_eq!(rule.get("Priority").value().and_then(Value::as_int), Some(10));
        assert_eq!(rule.get("ListenerArn").as_str(), Some("arn:listener/app"));
        assert_eq!(rule.get("Conditions.0.Values.0").as_str(), Some("/api/*"));
        assert_eq!(rule.get("Actions.0.Type").as_str(), Some("forward"));
        assert!(rule.get("Transforms").is_absent() && rule.get("Tags").is_absent());
        assert!(default.get("Priority").is_absent());
        assert_eq!(default.attribute("IsDefault").value().and_then(Value::as_bool), Some(true));
        assert_eq!((&rule.provenance, &default.provenance), (&Provenance::Unmanaged, &Provenance::Service));
    }

    #[tokio::test]
    async fn rules_that_may_not_be_listed_are_unknown_and_those_of_a_vanished_listener_are_none() {
        let denied = rules(|asked| match action(asked) {
            "DescribeRules" => error(403, "AccessDenied", ""),
            _ => web(asked),
        })
        .await;
        assert_eq!(denied.listed[TYPE.name], Err(Unknown::Denied { action: LIST.into() }));
        let vanished = rules(|asked| match action(asked) {
            "DescribeRules" => error(400, "ListenerNotFound", ""),
            _ => web(asked),
        })
        .await;
        assert_eq!((&vanished.resources[..], &vanished.listed[TYPE.name]), (&[][..], &Ok(())));
    }

    #[test]
    fn a_priority_that_is_no_number_is_no_priority() {
        let cx = crate::collect::testing::offline("eu-west-1");
        let rule = Rule::builder().rule_arn("arn").priority("default").build();
        assert_eq!(
            resource(&cx, "arn:listener", &rule).properties.child("Priority").map(|v| &v.kind),
            Some(&Kind::Null)
        );
    }
}
