//! Deployed stacks: what they are, what they are made of, and their templates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Stack as SdkStack, TemplateStage};
use tokio::task::JoinSet;

use super::shape::token;
use super::{Answer, Cx};
use crate::model::{Stack, StackMember, Unknown, types};

/// Actions needed besides those of the collectors.
pub(super) const ACTIONS: &[&str] = &[
    "cloudformation:DescribeStacks",
    // Members without a collector of their own.
    super::cloud_control::READ,
    "cloudformation:GetTemplate",
    "cloudformation:ListExports",
    "cloudformation:ListStackResources",
];

/// The stacks of one region.
#[derive(Debug, Default)]
pub(super) struct Stacks {
    /// By name.
    pub(super) list: Vec<Stack>,
    /// Exported values of the region; `None` if they could not be listed.
    pub(super) exports: BTreeMap<Arc<str>, Arc<str>>,
    /// Why the list may be incomplete.
    pub(super) end: Option<Unknown>,
    /// Names that were asked for and do not exist.
    pub(super) missing: Vec<String>,
}

/// Reads all stacks of a region, or those named and the stacks nested in them.
pub(super) async fn read(cx: &Cx, names: Option<&[String]>) -> Stacks {
    let client = Client::new(&cx.config);
    let (mut found, exports) = tokio::join!(list(cx, &client, names), exports(cx, &client));
    found.exports = exports;
    let mut known: BTreeSet<Arc<str>> = found.list.iter().map(|s| Arc::clone(&s.id)).collect();
    let mut todo = std::mem::take(&mut found.list);
    while !todo.is_empty() {
        let filled = fill(cx, &client, todo).await;
        let nested = filled.iter().flat_map(|s| &s.members).filter(|m| &*m.kind == types::STACK && !m.is_deleted());
        let unseen: Vec<String> = nested
            .filter_map(|m| m.physical_id.as_ref())
            .filter(|id| !known.contains(*id))
            .map(ToString::to_string)
            .collect();
        found.list.extend(filled);
        // Only named stacks can have nested ones that the listing did not hold.
        todo = if names.is_some() && !unseen.is_empty() {
            let nested = list(cx, &client, Some(&unseen)).await;
            found.end = found.end.or(nested.end);
            nested.list
        } else {
            Vec::new()
        };
        todo.retain(|s| known.insert(Arc::clone(&s.id)));
    }
    adopt(&mut found.list);
    found.list.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Nested stacks learn their parent from the parent's resource list, where the description does not name it.
fn adopt(stacks: &mut [Stack]) {
    let parents: BTreeMap<Arc<str>, Arc<str>> = stacks
        .iter()
        .flat_map(|s| s.members.iter().filter(|m| &*m.kind == types::STACK).map(|m| (m.physical_id.clone(), &s.id)))
        .filter_map(|(child, parent)| Some((child?, Arc::clone(parent))))
        .collect();
    for stack in stacks {
        if stack.parent.is_none() {
            stack.parent = parents.get(&stack.id).or_else(|| parents.get(&stack.name)).cloned();
        }
    }
}

async fn list(cx: &Cx, client: &Client, names: Option<&[String]>) -> Stacks {
    const ACTION: &str = "cloudformation:DescribeStacks";
    let mut found = Stacks::default();
    let mut described = Vec::new();
    match names {
        None => {
            let listing = cx
                .pages(
                    ACTION,
                    &[types::STACK],
                    |start| client.describe_stacks().set_next_token(start).send(),
                    |page| token(page.next_token()),
                )
                .await;
            found.end = listing.end.err();
            described.extend(listing.pages.into_iter().flat_map(|page| page.stacks.unwrap_or_default()));
        }
        Some(names) => {
            for name in names {
                let call = client.describe_stacks().stack_name(name).send();
                match cx.ask(ACTION, &[types::STACK], &["ValidationError"], call).await {
                    Answer::Is(answer) if !answer.stacks().is_empty() => {
                        described.extend(answer.stacks.unwrap_or_default());
                    }
                    Answer::Is(_) | Answer::Absent => found.missing.push(name.clone()),
                    Answer::Unknown(why) => found.end = Some(why),
                }
            }
        }
    }
    let live = described.iter().filter(|s| {
        !matches!(
            s.stack_status().map(aws_sdk_cloudformation::types::StackStatus::as_str),
            Some("DELETE_COMPLETE" | "REVIEW_IN_PROGRESS")
        )
    });
    found.list = live.map(|s| describe(cx, s)).collect();
    found
}

fn describe(cx: &Cx, s: &SdkStack) -> Stack {
    let arc = |s: Option<&str>| Arc::<str>::from(s.unwrap_or_default());
    Stack {
        account: Arc::clone(&cx.account),
        region: Arc::clone(&cx.region),
        partition: Arc::clone(&cx.partition),
        name: arc(s.stack_name()),
        id: arc(s.stack_id()),
        status: arc(s.stack_status().map(aws_sdk_cloudformation::types::StackStatus::as_str)),
        parent: s.parent_id().map(Arc::from),
        termination_protection: s.enable_termination_protection(),
        parameters: s
            .parameters()
            .iter()
            .filter_map(|p| {
                let value = p.resolved_value().or(p.parameter_value())?;
                Some((p.parameter_key()?.into(), value.into()))
            })
            .collect(),
        tags: s.tags().iter().map(|t| (arc(t.key()), arc(t.value()))).collect(),
        outputs: s.outputs().iter().filter_map(|o| Some((o.output_key()?.into(), o.output_value()?.into()))).collect(),
        ..Stack::default()
    }
}

/// Reads the members and templates of stacks, side by side.
async fn fill(cx: &Cx, client: &Client, stacks: Vec<Stack>) -> Vec<Stack> {
    let mut tasks = JoinSet::new();
    for stack in stacks {
        let (cx, client) = (cx.clone(), client.clone());
        tasks.spawn(async move { fill_one(&cx, &client, stack).await });
    }
    tasks.join_all().await
}

async fn fill_one(cx: &Cx, client: &Client, mut stack: Stack) -> Stack {
    let (members, original) =
        tokio::join!(members(cx, client, &stack), template(cx, client, &stack, TemplateStage::Original));
    stack.members_unknown = members.1;
    stack.members = members.0;
    // A template that cannot be read is a gap already; what the stack declares is then not known.
    if let Answer::Is(text) = original {
        stack.original = text;
    }
    if stack.original.as_deref().is_some_and(is_processed)
        && let Answer::Is(text) = template(cx, client, &stack, TemplateStage::Processed).await
    {
        stack.processed = text.filter(|text| stack.original.as_ref() != Some(text));
    }
    stack
}

/// Whether CloudFormation turns this template into another one: a transform, a macro, an include.
fn is_processed(text: &str) -> bool {
    text.contains("Transform") || text.contains("Fn::ForEach")
}

async fn members(cx: &Cx, client: &Client, stack: &Stack) -> (Vec<StackMember>, Option<Unknown>) {
    let listing = cx
        .pages(
            "cloudformation:ListStackResources",
            &[types::STACK],
            |start| client.list_stack_resources().stack_name(&*stack.id).set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let summaries = listing.pages.into_iter().flat_map(|page| page.stack_resource_summaries.unwrap_or_default());
    let members = summaries.filter_map(|r| {
        let filled = |s: Option<&str>| s.filter(|s| !s.is_empty()).map(Arc::<str>::from);
        Some(StackMember {
            logical_id: filled(r.logical_resource_id())?,
            physical_id: filled(r.physical_resource_id()),
            kind: filled(r.resource_type())?,
            status: filled(r.resource_status().map(aws_sdk_cloudformation::types::ResourceStatus::as_str))
                .unwrap_or_default(),
        })
    });
    (members.collect(), listing.end.err())
}

async fn template(cx: &Cx, client: &Client, stack: &Stack, stage: TemplateStage) -> Answer<Option<Arc<str>>> {
    let call = client.get_template().stack_name(&*stack.id).template_stage(stage).send();
    let answer = cx.ask("cloudformation:GetTemplate", &[types::TEMPLATE], &[], call).await;
    answer.map(|answer| answer.template_body.map(Arc::from))
}

async fn exports(cx: &Cx, client: &Client) -> BTreeMap<Arc<str>, Arc<str>> {
    let listing = cx
        .pages(
            "cloudformation:ListExports",
            &[],
            |start| client.list_exports().set_next_token(start).send(),
            |page| token(page.next_token()),
        )
        .await;
    let exports = listing.pages.into_iter().flat_map(|page| page.exports.unwrap_or_default());
    exports.filter_map(|e| Some((e.name?.into(), e.value?.into()))).collect()
}
