//! RDS Proxy: proxies, and the databases behind them.

use async_trait::async_trait;
use aws_sdk_rds::Client;
use aws_sdk_rds::operation::describe_db_proxies::DescribeDbProxiesOutput;
use aws_sdk_rds::operation::describe_db_proxy_target_groups::DescribeDbProxyTargetGroupsOutput;
use aws_sdk_rds::operation::describe_db_proxy_targets::DescribeDbProxyTargetsOutput;
use aws_sdk_rds::types::{
    AuthScheme, ClientPasswordAuthType, ConnectionPoolConfigurationInfo, DbProxy, DbProxyStatus, DbProxyTarget,
    DbProxyTargetGroup, EndpointNetworkType, IamAuthMode, TargetConnectionNetworkType, TargetType, UserAuthConfigInfo,
};

use super::PAGE;
use super::tags::{self, GONE, filled};
use crate::collect::gone::unless_gone;
use crate::collect::shape::{flag, list, map, number, set, text, token};
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec, tasks};
use crate::model::{Kind, Resource, Unknown};

const LIST: &str = "rds:DescribeDBProxies";
const TARGET_GROUPS: &str = "rds:DescribeDBProxyTargetGroups";
const TARGETS: &str = "rds:DescribeDBProxyTargets";

/// A call for its target groups, one for its tags.
const PROXY: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBProxy",
    asked: &[("Tags", tags::READ), ("", LIST)],
    reads: &[
        "Auth",
        "DBProxyName",
        "DebugLogging",
        "DefaultAuthScheme",
        "EndpointNetworkType",
        "EngineFamily",
        "IdleClientTimeout",
        "RequireTLS",
        "RoleArn",
        "Tags",
        "TargetConnectionNetworkType",
        "VpcSecurityGroupIds",
        "VpcSubnetIds",
    ],
    on_demand: &["Tags"],
    calls: 2,
};

/// A call for its targets, one for its tags.
const TARGET_GROUP: TypeSpec = TypeSpec {
    name: "AWS::RDS::DBProxyTargetGroup",
    asked: &[
        ("Tags", tags::READ),
        ("DBClusterIdentifiers", TARGETS),
        ("DBInstanceIdentifiers", TARGETS),
        ("", TARGET_GROUPS),
    ],
    reads: &[
        "ConnectionPoolConfigurationInfo",
        "DBClusterIdentifiers",
        "DBInstanceIdentifiers",
        "DBProxyName",
        "Tags",
        "TargetGroupName",
    ],
    on_demand: &["DBClusterIdentifiers", "DBInstanceIdentifiers", "Tags"],
    calls: 2,
};

static SPEC: Spec = Spec {
    name: "rds/proxies",
    reach: Reach::Regional,
    listings: 1,
    types: &[PROXY, TARGET_GROUP],
    actions: &[LIST, TARGET_GROUPS, TARGETS, tags::READ, crate::collect::tags::LIST],
};

/// Reads RDS Proxy in one region.
pub struct Proxies;

#[async_trait]
impl Collector for Proxies {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let rds = Client::new(&cx.config);
        let pages = cx
            .pages(
                LIST,
                &[PROXY.name, TARGET_GROUP.name],
                |start| rds.describe_db_proxies().max_records(PAGE).set_marker(start).send(),
                |page| token(page.marker()),
            )
            .await;
        out.listed(PROXY.name, &pages.end);
        out.listed(TARGET_GROUP.name, &pages.end);
        let listed: Vec<&DbProxy> = pages.pages.iter().flat_map(DescribeDbProxiesOutput::db_proxies).collect();
        let names = listed.iter().filter_map(|proxy| proxy.db_proxy_name());
        let readings = names.map(|name| target_groups(cx.clone(), rds.clone(), name.to_owned()));
        let mut groups = Vec::new();
        for (found, end) in tasks::all(readings.collect()).await {
            groups.extend(found);
            out.listed(TARGET_GROUP.name, &end);
        }
        let proxies = listed.into_iter().map(|listed| proxy(cx, listed)).collect();
        out.resources.extend(filled(cx, &rds, (PROXY.name, "rds:db-proxy"), proxies).await);
        out.resources.extend(filled(cx, &rds, (TARGET_GROUP.name, "rds:target-group"), groups).await);
    }
}

fn proxy(cx: &Cx, proxy: &DbProxy) -> Resource {
    let name = proxy.db_proxy_name().unwrap_or_default();
    let texts = |ids: &[String]| set(ids.iter().map(String::as_str));
    let mut auth: Vec<&UserAuthConfigInfo> = proxy.auth().iter().collect();
    auth.sort_by_key(|auth| (auth.secret_arn(), auth.description()));
    let mut r = cx.resource(&SPEC, PROXY.name, name, proxy.db_proxy_arn().unwrap_or_default());
    r.set("DBProxyName", text(Some(name)));
    r.set("EngineFamily", text(proxy.engine_family()));
    r.set("RoleArn", text(proxy.role_arn()));
    r.set("Auth", list(auth.into_iter().map(self::auth)));
    r.set("DefaultAuthScheme", text(proxy.default_auth_scheme()));
    r.set("RequireTLS", flag(proxy.require_tls()));
    r.set("IdleClientTimeout", number(proxy.idle_client_timeout()));
    r.set("DebugLogging", flag(proxy.debug_logging()));
    r.set("VpcSubnetIds", texts(proxy.vpc_subnet_ids()));
    r.set("VpcSecurityGroupIds", texts(proxy.vpc_security_group_ids()));
    r.set("EndpointNetworkType", text(proxy.endpoint_network_type().map(EndpointNetworkType::as_str)));
    let to_targets = proxy.target_connection_network_type();
    r.set("TargetConnectionNetworkType", text(to_targets.map(TargetConnectionNetworkType::as_str)));
    r.set_attribute("DBProxyArn", text(proxy.db_proxy_arn()));
    r.set_attribute("Endpoint", text(proxy.endpoint()));
    r.set_attribute("VpcId", text(proxy.vpc_id()));
    r.set_attribute("Status", text(proxy.status().map(DbProxyStatus::as_str)));
    r
}

fn auth(auth: &UserAuthConfigInfo) -> Kind {
    map([
        ("AuthScheme", text(auth.auth_scheme().map(AuthScheme::as_str))),
        ("ClientPasswordAuthType", text(auth.client_password_auth_type().map(ClientPasswordAuthType::as_str))),
        ("Description", text(auth.description())),
        ("IAMAuth", text(auth.iam_auth().map(IamAuthMode::as_str))),
        ("SecretArn", text(auth.secret_arn())),
    ])
}

/// The target groups of a proxy, and whether that is all of them. A proxy that has gone has none.
async fn target_groups(cx: Cx, rds: Client, proxy: String) -> (Vec<Resource>, Result<(), Unknown>) {
    let request = rds.describe_db_proxy_target_groups().db_proxy_name(proxy).max_records(PAGE);
    let pages = cx.pages(
        TARGET_GROUPS,
        &[TARGET_GROUP.name],
        |start| unless_gone(GONE, request.clone().set_marker(start).send()),
        |page| token(page.as_ref().and_then(|page| page.marker())),
    );
    let pages = Box::pin(pages).await;
    let mut found = Vec::new();
    for group in pages.pages.iter().flatten().flat_map(DescribeDbProxyTargetGroupsOutput::target_groups) {
        found.extend(target_group(&cx, &rds, group).await);
    }
    (found, pages.end)
}

/// A target group; nothing if it has gone since it was listed.
async fn target_group(cx: &Cx, rds: &Client, group: &DbProxyTargetGroup) -> Option<Resource> {
    let arn = group.target_group_arn().unwrap_or_default();
    let mut r = cx.resource(&SPEC, TARGET_GROUP.name, arn, arn);
    r.set("DBProxyName", text(group.db_proxy_name()));
    r.set("TargetGroupName", text(group.target_group_name()));
    r.set("ConnectionPoolConfigurationInfo", group.connection_pool_config().map_or(Kind::Null, pool));
    r.set_attribute("TargetGroupArn", text(Some(arn)));
    r.set_attribute("Status", text(group.status()));
    r.set_attribute("IsDefault", flag(group.is_default()));
    let [clusters, instances] = targets(cx, rds, group, arn).await?;
    r.set("DBClusterIdentifiers", clusters);
    r.set("DBInstanceIdentifiers", instances);
    Some(r)
}

fn pool(of: &ConnectionPoolConfigurationInfo) -> Kind {
    map([
        ("ConnectionBorrowTimeout", number(of.connection_borrow_timeout())),
        ("InitQuery", text(of.init_query())),
        ("MaxConnectionsPercent", number(of.max_connections_percent())),
        ("MaxIdleConnectionsPercent", number(of.max_idle_connections_percent())),
        ("SessionPinningFilters", set(of.session_pinning_filters().iter().map(String::as_str))),
    ])
}

/// Clusters and instances behind a target group, if the scan is about them; nothing if the group has gone.
async fn targets(cx: &Cx, rds: &Client, group: &DbProxyTargetGroup, arn: &str) -> Option<[Kind; 2]> {
    if !cx.wanted.wants(TARGET_GROUP.name, arn, &["DBClusterIdentifiers", "DBInstanceIdentifiers"]) {
        return Some([Kind::Unknown(Unknown::NotCollected), Kind::Unknown(Unknown::NotCollected)]);
    }
    let request = rds
        .describe_db_proxy_targets()
        .set_db_proxy_name(group.db_proxy_name().map(str::to_owned))
        .set_target_group_name(group.target_group_name().map(str::to_owned))
        .max_records(PAGE);
    let pages = cx.pages(
        TARGETS,
        &[TARGET_GROUP.name],
        |start| unless_gone(GONE, request.clone().set_marker(start).send()),
        |page| token(page.as_ref().and_then(|page| page.marker())),
    );
    let pages = Box::pin(pages).await;
    if let Err(why) = pages.end {
        return Some([Kind::Unknown(why.clone()), Kind::Unknown(why)]);
    }
    let pages: Vec<DescribeDbProxyTargetsOutput> = pages.pages.into_iter().collect::<Option<_>>()?;
    let targets: Vec<&DbProxyTarget> = pages.iter().flat_map(DescribeDbProxyTargetsOutput::targets).collect();
    // A proxy has one target: an instance, or a cluster, whose instances are listed with it.
    let cluster = |target: &&DbProxyTarget| target.r#type() == Some(&TargetType::TrackedCluster);
    let (clusters, instances): (Vec<_>, Vec<_>) = targets.into_iter().partition(cluster);
    let ids = |targets: &[&DbProxyTarget]| set(targets.iter().filter_map(|target| target.rds_resource_id()));
    Some([ids(&clusters), if clusters.is_empty() { ids(&instances) } else { Kind::Null }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{Aws, claimed, collected, cx, properties, refused};
    use crate::model::to_json;
    use serde_json::json;

    const PROXIES: &str = "<DescribeDBProxiesResponse><DescribeDBProxiesResult><DBProxies><member>
        <DBProxyName>front</DBProxyName><DBProxyArn>arn:aws:rds:us-east-1:123456789012:db-proxy:prx-1</DBProxyArn>
        <EngineFamily>POSTGRESQL</EngineFamily><RequireTLS>true</RequireTLS><IdleClientTimeout>1800</IdleClientTimeout>
        <VpcSubnetIds><member>subnet-b</member><member>subnet-a</member></VpcSubnetIds>
        <Auth><member><AuthScheme>SECRETS</AuthScheme><SecretArn>arn:s</SecretArn><IAMAuth>REQUIRED</IAMAuth></member></Auth>
        <Endpoint>front.proxy-x.us-east-1.rds.amazonaws.com</Endpoint><Status>available</Status>
        </member></DBProxies></DescribeDBProxiesResult></DescribeDBProxiesResponse>";

    const GROUPS: &str =
        "<DescribeDBProxyTargetGroupsResponse><DescribeDBProxyTargetGroupsResult><TargetGroups><member>
        <DBProxyName>front</DBProxyName><TargetGroupName>default</TargetGroupName><IsDefault>true</IsDefault>
        <TargetGroupArn>arn:aws:rds:us-east-1:123456789012:target-group:prx-tg-1</TargetGroupArn>
        <ConnectionPoolConfig><MaxConnectionsPercent>90</MaxConnectionsPercent>
            <ConnectionBorrowTimeout>120</ConnectionBorrowTimeout></ConnectionPoolConfig>
        </member></TargetGroups></DescribeDBProxyTargetGroupsResult></DescribeDBProxyTargetGroupsResponse>";

    const TARGETS_OF: &str = "<DescribeDBProxyTargetsResponse><DescribeDBProxyTargetsResult><Targets>
        <member><Type>TRACKED_CLUSTER</Type><RdsResourceId>ledger</RdsResourceId>
            <TrackedClusterId>ledger</TrackedClusterId></member>
        <member><Type>RDS_INSTANCE</Type><RdsResourceId>ledger-1</RdsResourceId></member>
        </Targets></DescribeDBProxyTargetsResult></DescribeDBProxyTargetsResponse>";

    const TAGS: &str =
        "<ListTagsForResourceResponse><ListTagsForResourceResult><TagList><Tag><Key>a</Key><Value>b</Value>
        </Tag></TagList></ListTagsForResourceResult></ListTagsForResourceResponse>";

    fn error(status: u16, code: &str) -> (u16, String) {
        (status, format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"))
    }

    fn answer(asked: &str) -> (u16, String) {
        let body = match asked {
            list if list.contains("Action=DescribeDBProxies&") => PROXIES,
            groups if groups.contains("Action=DescribeDBProxyTargetGroups&") => GROUPS,
            targets if targets.contains("Action=DescribeDBProxyTargets&") => TARGETS_OF,
            _ => TAGS,
        };
        (200, body.into())
    }

    async fn found(aws: Aws) -> Out {
        collected(&Proxies, &cx("us-east-1", aws)).await
    }

    #[tokio::test]
    async fn where_everything_is_refused_nothing_is_absent() {
        assert_eq!(refused(&Proxies, "us-east-1").await.resources, []);
    }

    #[tokio::test]
    async fn proxies_and_what_is_behind_them_read_as_cloudformation_would_declare_them() {
        let out = found(answer).await;
        let [proxy, group] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(proxy), claimed(&SPEC, proxy));
        assert_eq!(properties(group), claimed(&SPEC, group));
        assert_eq!(to_json(&proxy.properties)["VpcSubnetIds"], json!(["subnet-a", "subnet-b"]));
        assert_eq!(
            to_json(&proxy.properties)["Auth"],
            json!([{"AuthScheme": "SECRETS", "IAMAuth": "REQUIRED", "SecretArn": "arn:s"}])
        );
        assert_eq!(proxy.attribute("Endpoint").as_str(), Some("front.proxy-x.us-east-1.rds.amazonaws.com"));
        assert_eq!(group.address.physical_id, group.address.arn);
        assert_eq!(
            to_json(&group.properties),
            json!({
                "DBProxyName": "front",
                "TargetGroupName": "default",
                "ConnectionPoolConfigurationInfo": {"ConnectionBorrowTimeout": 120, "MaxConnectionsPercent": 90},
                "DBClusterIdentifiers": ["ledger"],
                "DBInstanceIdentifiers": null,
                "Tags": [{"Key": "a", "Value": "b"}],
            })
        );
    }

    #[tokio::test]
    async fn a_proxy_whose_target_groups_are_denied_leaves_their_listing_incomplete() {
        let out = found(|asked| {
            if asked.contains("Action=DescribeDBProxyTargetGroups&") {
                error(403, "AccessDenied")
            } else {
                answer(asked)
            }
        })
        .await;
        assert_eq!(out.resources.len(), 1);
        assert_eq!(out.listed[PROXY.name], Ok(()));
        assert_eq!(out.listed[TARGET_GROUP.name], Err(Unknown::Denied { action: TARGET_GROUPS.into() }));
    }

    #[tokio::test]
    async fn denied_targets_are_unknown_and_a_group_that_vanishes_is_dropped() {
        let denied = found(|asked| {
            if asked.contains("Action=DescribeDBProxyTargets&") { error(403, "AccessDenied") } else { answer(asked) }
        })
        .await;
        let why = Some(Unknown::Denied { action: TARGETS.into() });
        assert_eq!(denied.resources[1].get("DBClusterIdentifiers").why_unknown(), why);
        assert_eq!(denied.resources[1].get("TargetGroupName").as_str(), Some("default"));
        let gone = found(|asked| match asked {
            targets if targets.contains("Action=DescribeDBProxyTargets&") => {
                error(404, "DBProxyTargetGroupNotFoundFault")
            }
            asked => answer(asked),
        })
        .await;
        assert_eq!((gone.resources.len(), &gone.listed[TARGET_GROUP.name]), (1, &Ok(())));
    }
}
