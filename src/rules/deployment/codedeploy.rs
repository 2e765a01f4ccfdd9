//! CodeDeploy: who deploys, how traffic moves, what rolls back.

use crate::model::{Related, Resource};
use crate::rules::readers::codedeploy::{GROUP, Platform, application, blue_green, platform};
use crate::rules::readers::evidence::{holds, missing};
use crate::rules::readers::given_name;
use crate::rules::readers::policy::Document;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

use super::automation::{applies, hook};
use super::pairs;

rules! {
    /// ## Why
    /// Two target groups are not yet a blue/green deployment: somebody or something has to move the traffic, watch, and move it back. By
    /// hand that is done differently each time, and at night not at all.
    ///
    /// Judged are places with a blue/green pair: two target groups or Auto Scaling groups that match `blue_green_pattern`, or a listener
    /// that splits its traffic. A deployment group passes if its application is there, on one of `compute_platforms`; if its style is
    /// `BLUE_GREEN` with `WITH_TRAFFIC_CONTROL` (the default is neither); if it names the target groups or load balancers (functions have
    /// none); and if its role trusts CodeDeploy. The `AWS::CodeDeploy::BlueGreen` hook of a template passes as well.
    ///
    /// ## Fix
    /// ```yaml
    /// ShopDeployments:
    ///   Type: AWS::CodeDeploy::DeploymentGroup
    ///   Properties:
    ///     ApplicationName: !Ref ShopApplication
    ///     ServiceRoleArn: !GetAtt CodeDeployRole.Arn
    ///     DeploymentStyle: {DeploymentType: BLUE_GREEN, DeploymentOption: WITH_TRAFFIC_CONTROL}
    ///     LoadBalancerInfo:
    ///       TargetGroupInfoList: [{Name: !GetAtt BlueTargetGroup.TargetGroupName}]
    /// ```
    "codedeploy-deployment-group-present" => {
        title: "A CodeDeploy application and blue/green deployment group manage the service.",
        category: Deployment,
        severity: High,
        scope: Estate,
        types: ["Driftline::Account::Region"],
        reads: [
            "AWS::AutoScaling::AutoScalingGroup",
            "AWS::CodeDeploy::Application",
            "AWS::CodeDeploy::DeploymentGroup",
            "AWS::ElasticLoadBalancingV2::Listener",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            "AWS::IAM::Role",
        ],
        params: {
            compute_platforms: Preset::Texts(&["Server", "ECS", "Lambda"]) => "platforms that are accepted",
            blue_green_pattern: Preset::Pattern("(?i)(blue|green)") => "names by which the members of a blue/green pair are known",
        },
        equivalents: [],
        check: present,
    }

    /// ## Why
    /// A deployment that replaces everything at once shows its faults to everybody at once. Shifted step by step, a bad version meets a
    /// few requests or a few hosts before it is stopped.
    ///
    /// ECS and Lambda: a canary or linear configuration, of AWS's or one's own; without `DeploymentConfigName` everything is shifted
    /// at once. Instances: at least `min_healthy_percent` of the fleet, or a number of hosts of at least one, stays in service; without
    /// `DeploymentConfigName` it is one host at a time, which passes. The content of one's own configurations is read from templates only.
    ///
    /// ## Fix
    /// ```yaml
    /// DeploymentConfigName: CodeDeployDefault.ECSCanary10Percent5Minutes
    /// ```
    ///
    /// ```sh
    /// aws deploy update-deployment-group --application-name shop --current-deployment-group-name live \
    ///   --deployment-config-name CodeDeployDefault.ECSCanary10Percent5Minutes
    /// ```
    "codedeploy-traffic-shifting-config" => {
        title: "Deployments shift traffic gradually.",
        category: Deployment,
        severity: Medium,
        scope: Estate,
        types: ["AWS::CodeDeploy::DeploymentGroup"],
        reads: ["AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentConfig"],
        params: { min_healthy_percent: Preset::Int(50) => "share of the hosts that must stay in service, in percent" },
        equivalents: [
            "aws-config/codedeploy-lambda-allatonce-traffic-shift-disabled",
            "aws-config/codedeploy-ec2-minimum-healthy-hosts-configured",
        ],
        check: |r, cx| Some(gradual(r, cx)),
    }
}

fn present(place: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let subject = missing(place, GROUP);
    applies(pairs::exists(place, cx), &subject, || {
        if hook(place, cx).is_some() {
            return Verdict::Pass;
        }
        let expected = "a blue/green deployment group that shifts the traffic";
        check::some(&cx.estate.of(place, GROUP), &subject, expected, |group| {
            manages(group, cx).on(group.address.name())
        })
    })
}

/// Whether a group deploys blue/green with everything that takes.
fn manages(group: &Resource, cx: &Context<'_>) -> Verdict {
    let name = group.get("ApplicationName");
    let application = match application(cx.estate, group) {
        Related::Found(_) => Verdict::Pass,
        Related::Missing => check::fail(&name, "an application that exists"),
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(&name, "an application that exists", &why)),
    };
    let platforms = cx.params.texts("compute_platforms");
    let expected = format!("a platform out of {}", platforms.join(", "));
    let platform = platform(cx.estate, group);
    let accepted = match &platform {
        Ok(platform) if platforms.iter().any(|p| p.eq_ignore_ascii_case(platform.name())) => Verdict::Pass,
        Ok(_) => check::fail(&name, &expected),
        Err(why) => Verdict::unknown(Evidence::unknown(&name, &expected, why)),
    };
    let style = group.get("DeploymentStyle");
    let expected = "BLUE_GREEN, WITH_TRAFFIC_CONTROL";
    let style = match blue_green(group) {
        Ok(true) => Verdict::Pass,
        Ok(false) => check::fail(&style, expected),
        Err(why) => Verdict::unknown(Evidence::unknown(&style, expected, &why)),
    };
    let balanced = if platform == Ok(Platform::Lambda) {
        Verdict::Pass
    } else {
        let info = group.get("LoadBalancerInfo");
        let lists = ["TargetGroupPairInfoList", "TargetGroupInfoList", "ElbInfoList"];
        Verdict::any(lists.iter().map(|list| holds(&info.get(list), "the target groups")), || {
            check::fail(&info, "the target groups")
        })
    };
    let trusted =
        check::related(cx.estate, &group.get("ServiceRoleArn"), &["AWS::IAM::Role"], "a role for CodeDeploy", |role| {
            let document = Document::new(role.get("AssumeRolePolicyDocument"));
            let regional = format!("codedeploy.{}.amazonaws.com", group.address.region);
            document.trusts_service("codedeploy.amazonaws.com").or(|| document.trusts_service(&regional))
        });
    application.and(accepted).and(style).and(balanced).and(trusted)
}

fn gradual(r: &Resource, cx: &Context<'_>) -> Verdict {
    let name = r.get("DeploymentConfigName");
    let platform = platform(cx.estate, r);
    let least = cx.params.int("min_healthy_percent");
    let by_platform = |server: Verdict, other: Verdict| match &platform {
        Ok(Platform::Server) => server,
        Ok(_) => other,
        Err(_) if server.is_pass() == other.is_pass() => server,
        Err(why) => Verdict::unknown(Evidence::unknown(&r.get("ApplicationName"), GRADUAL, why)),
    };
    if name.is_absent() {
        return by_platform(Verdict::Pass, check::fail(&name, GRADUAL));
    }
    if let Some(text) = name.as_str()
        && let Some(own) = text.strip_prefix("CodeDeployDefault.")
    {
        let halves = own.contains("HalfAtATime") && least > 50;
        return if own.contains("AllAtOnce") || halves { check::fail(&name, GRADUAL) } else { Verdict::Pass };
    }
    match given_name::find(cx.estate, &name, &[("AWS::CodeDeploy::DeploymentConfig", "DeploymentConfigName")]) {
        Related::Found(config) => {
            let routing = config.get("TrafficRoutingConfig").get("Type");
            let shifted = check::one_of(&routing, &["TimeBasedCanary", "TimeBasedLinear"]);
            by_platform(healthy(config, least), shifted).on(config.address.name())
        }
        Related::Missing => check::fail(&name, "a deployment configuration that exists"),
        Related::Unknown(why) => Verdict::unknown(Evidence::unknown(&name, GRADUAL, &why)),
    }
}

const GRADUAL: &str = "a configuration that deploys step by step";

/// Whether enough hosts stay in service.
fn healthy(config: &Resource, least: i64) -> Verdict {
    let hosts = config.get("MinimumHealthyHosts");
    let percent = check::one_of(&hosts.get("Type"), &["FLEET_PERCENT"]);
    let count = check::one_of(&hosts.get("Type"), &["HOST_COUNT"]);
    let value = hosts.get("Value");
    percent.and(check::at_least(&value, least)).or(|| count.and(check::at_least(&value, 1)))
}
