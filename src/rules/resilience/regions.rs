//! Databases that can be had again in another region.

use crate::model::network::about;
use crate::model::{Items, Read, Related, Resource, Unknown};
use crate::rules::readers::coverage::{Target, plan, selections, tags};
use crate::rules::readers::database::{CLUSTER, standalone};
use crate::rules::readers::mentions::{HOLE, spelt};
use crate::rules::readers::policy::unknown;
use crate::rules::{Context, Preset, Verdict, check, rules};

const GLOBAL: &str = "AWS::RDS::GlobalCluster";
const VAULT: &str = "AWS::Backup::BackupVault";

rules! {
    /// ## Why
    /// A region fails rarely and as a whole, and an account that was taken over is lost in all of its regions' vaults that were not
    /// copied away. What is in one region only is as safe as that region.
    ///
    /// For profiles that ask for it. One of these will do: the cluster belongs to a global cluster with a secondary region; an instance has
    /// a read replica in another region; its automated backups are replicated (`AutomaticBackupReplicationRegion`); a backup plan that selects
    /// it copies to a vault in another region. A template does not show other regions: a global cluster is unknown there, and so is a
    /// named region if nobody says where the template is deployed, unless `dr_regions` names it. Instances of a cluster are judged with their
    /// cluster.
    ///
    /// ## Fix
    /// ```yaml
    /// AutomaticBackupReplicationRegion: eu-central-1
    /// ```
    "rds-cross-region-recovery" => {
        title: "Databases can be recovered in another region.",
        category: Resilience,
        severity: Medium,
        scope: Estate,
        types: ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance"],
        reads: [
            "AWS::Backup::BackupPlan",
            "AWS::Backup::BackupSelection",
            "AWS::Backup::BackupVault",
            "AWS::RDS::GlobalCluster",
        ],
        params: { dr_regions: Preset::Texts(&[]) => "regions that count as recovery regions; any other region if there are none" },
        equivalents: [],
        check: |r, cx| {
            let _judged = standalone(r, Verdict::Pass)?;
            standalone(r, recoverable(r, cx))
        },
    }
}

fn recoverable(r: &Resource, cx: &Context<'_>) -> Verdict {
    let subject = about(r, "Recovery");
    let ways = [replicated_backups(r, cx), replicas(r, cx), global(r, cx), copies(r, cx)];
    Verdict::any(ways.into_iter().flatten(), || check::fail(&subject, "a copy in another region"))
}

/// Whether a region is one to recover in.
fn elsewhere(region: &str, r: &Resource, cx: &Context<'_>) -> Result<bool, Unknown> {
    let wanted = cx.params.texts("dr_regions");
    if !wanted.is_empty() {
        return Ok(wanted.iter().any(|name| name.eq_ignore_ascii_case(region)) && region != &*r.address.region);
    }
    if r.address.region.is_empty() {
        return Err(Unknown::Outside("the region that the template is deployed to".into()));
    }
    Ok(region != &*r.address.region)
}

/// The verdict on a region that was read from somewhere; `None` is a region that nobody can tell.
fn region(read: &Read<'_>, region: Option<&str>, r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "another region";
    let known = match region {
        Some(region) => elsewhere(region, r, cx),
        None => Err(read.why_unknown().unwrap_or_else(|| Unknown::Outside("the region".into()))),
    };
    match known {
        Ok(true) => Verdict::Pass,
        Ok(false) => check::fail(read, expected),
        Err(why) => unknown(read, expected, &why),
    }
}

/// The region in an ARN; a lone name is a region itself.
fn in_arn(text: &str) -> Option<&str> {
    if !text.starts_with("arn:") {
        return Some(text);
    }
    text.split(':').nth(3).filter(|region| !region.is_empty() && !region.contains(HOLE))
}

fn replicated_backups(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let to = r.get("AutomaticBackupReplicationRegion");
    if &*r.kind == CLUSTER || to.is_absent() {
        return None;
    }
    Some(region(&to, to.as_str().and_then(in_arn), r, cx))
}

/// Replicas in other regions are named by their ARN.
fn replicas(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let list = r.attribute("ReadReplicaDBInstanceIdentifiers");
    let items = match list.items() {
        Items::Absent => return None,
        Items::Unknown => return Some(check::unknown(&list, "a replica in another region")),
        Items::Are(items) => items,
    };
    let far = items.iter().filter(|item| item.as_str().is_some_and(|text| text.starts_with("arn:")));
    far.map(|item| region(item, item.as_str().and_then(in_arn), r, cx)).reduce(|a, b| a.or(|| b))
}

fn global(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let expected = "a global cluster with a secondary region";
    if &*r.kind != CLUSTER {
        return None;
    }
    let id = r.get("GlobalClusterIdentifier");
    let by_source = cx.estate.referrers(r, GLOBAL, "SourceDBClusterIdentifier").items.into_iter().next();
    let found = match (by_source, id.is_absent()) {
        (Some(cluster), _) => cluster,
        (None, true) => return None,
        (None, false) => match cx.estate.follow(&id, &[GLOBAL]) {
            Related::Found(cluster) => cluster,
            Related::Missing => return Some(check::fail(&id, expected)),
            Related::Unknown(why) => return Some(unknown(&id, expected, &why)),
        },
    };
    let members = found.attribute("Members");
    let verdict = match members.items() {
        Items::Are(items) => {
            let regions = items.iter().map(|item| {
                let arn = item.get("DBClusterArn");
                region(&arn, arn.as_str().and_then(in_arn), r, cx)
            });
            Verdict::any(regions, || check::fail(&members, expected))
        }
        Items::Absent | Items::Unknown => {
            let why =
                if r.is_live() { Unknown::NotCollected } else { Unknown::Outside("the secondary cluster".into()) };
            unknown(&members, expected, &why)
        }
    };
    Some(verdict.on(found.address.name()))
}

/// A backup plan that selects the database copies its backups.
fn copies(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let prefix = if &*r.kind == CLUSTER { "cluster:" } else { "db:" };
    let target = Target { resource: r, service: "rds", prefix, tags: tags(&r.get("Tags")) };
    let expected = "a backup plan that copies to another region";
    let (found, open) = selections(cx.estate, &target);
    let judged = found.into_iter().map(|selection| match plan(cx.estate, selection) {
        Related::Found(plan) => copied(plan, r, cx).on(plan.address.name()),
        Related::Missing => check::fail(&selection.get("BackupPlanId"), expected).on(selection.address.name()),
        Related::Unknown(why) => unknown(&selection.get("BackupPlanId"), expected, &why).on(selection.address.name()),
    });
    let judged = judged.reduce(|a, b| a.or(|| b));
    let open = open.map(|why| unknown(&about(r, "Backup"), expected, &why));
    match (judged, open) {
        (Some(judged), Some(open)) => Some(judged.or(|| open)),
        (judged, open) => judged.or(open),
    }
}

fn copied(plan: &Resource, r: &Resource, cx: &Context<'_>) -> Verdict {
    let expected = "a rule that copies to another region";
    let rules = plan.get("BackupPlan.BackupPlanRule");
    let Items::Are(items) = rules.items() else {
        return if rules.is_absent() { check::fail(&rules, expected) } else { check::unknown(&rules, expected) };
    };
    let of_rule = |rule: &Read<'_>| {
        let actions = rule.get("CopyActions");
        match actions.items() {
            Items::Absent => check::fail(&actions, expected),
            Items::Unknown => check::unknown(&actions, expected),
            Items::Are(actions_of) => {
                let to = actions_of.iter().map(|action| vault(&action.get("DestinationBackupVaultArn"), r, cx));
                Verdict::any(to, || check::fail(&actions, expected))
            }
        }
    };
    Verdict::any(items.iter().map(of_rule), || check::fail(&rules, expected))
}

fn vault(arn: &Read<'_>, r: &Resource, cx: &Context<'_>) -> Verdict {
    // A vault of the same template or region is no other region.
    if let Related::Found(_) = cx.estate.follow(arn, &[VAULT]) {
        return check::fail(arn, "a vault in another region");
    }
    let text = spelt(arn);
    region(arn, text.as_deref().filter(|text| text.starts_with("arn:")).and_then(in_arn), r, cx)
}
