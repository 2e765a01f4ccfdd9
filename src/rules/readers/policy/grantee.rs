//! Whom the statements of a resource's policy name: everybody, services, accounts, roles and users.

use super::Statement;
use crate::model::{Items, Kind, Read, Unknown, Value};
use crate::rules::readers::written;

/// One principal of a statement.
#[derive(Debug)]
pub(in crate::rules) struct Grantee<'d> {
    /// Where it stands.
    pub read: Read<'d>,
    /// Who it is.
    pub who: Who,
}

/// Who a principal is. Texts may have holes, as [`written::text`] makes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Who {
    /// `*`.
    Everybody,
    /// A service, without what follows its name: `cloudtrail`, `delivery.logs`; and the region in its name, if there is one.
    Service(String, Option<String>),
    /// An account as a whole: `arn:aws:iam::123456789012:root`, or the number alone.
    Account(Owner),
    /// A role, user or session: its ARN, or the reference that leads to it.
    Identity(Owner, String),
    /// Another kind: federated users, canonical ids.
    Other,
    /// Not known.
    Unknown(Unknown),
}

/// Whose account it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) enum Owner {
    /// The account of the resource that has the policy.
    Own,
    /// Another account.
    Other(String),
    /// Not known: what is written there, and why it does not tell.
    Unknown(String, Unknown),
}

impl<'d> Statement<'d> {
    /// Everyone that it names. `NotPrincipal` is everybody: who is left out does not matter to what is let in.
    pub(in crate::rules) fn grantees(&self) -> Vec<Grantee<'d>> {
        if self.has("NotPrincipal") {
            return vec![Grantee { read: self.read.get("NotPrincipal"), who: Who::Everybody }];
        }
        let principal = self.read.get("Principal");
        let Some(map) = principal.value().and_then(Value::as_map) else {
            return elements(&principal, |read| match (read.as_str(), read.why_unknown()) {
                (Some("*"), _) => Who::Everybody,
                (_, Some(why)) => Who::Unknown(why),
                _ => Who::Other,
            });
        };
        let kinds = map.keys().flat_map(|kind| {
            elements(&principal.get(kind), |read| match &**kind {
                "AWS" => identity(read),
                "Service" => service(read),
                _ => Who::Other,
            })
        });
        kinds.collect()
    }
}

fn elements<'d>(list: &Read<'d>, who: impl Fn(&Read<'d>) -> Who) -> Vec<Grantee<'d>> {
    let items = match list.items() {
        Items::Are(items) => items,
        Items::Absent => Vec::new(),
        Items::Unknown => vec![list.clone()],
    };
    items.into_iter().map(|read| Grantee { who: who(&read), read }).collect()
}

fn identity(read: &Read<'_>) -> Who {
    if let Some(Value { kind: Kind::Ref(reference), .. }) = read.value()
        && reference.value.is_none()
    {
        let output = reference.attribute.as_deref().is_some_and(|name| name.starts_with("Outputs."));
        let why = || Unknown::Runtime(reference.to_string().into());
        return if output { Who::Unknown(why()) } else { Who::Identity(Owner::Own, reference.to_string()) };
    }
    let why = || read.why_unknown().unwrap_or(Unknown::NotCollected);
    let Some(text) = written::text(read) else { return Who::Unknown(why()) };
    if text == "*" {
        return Who::Everybody;
    }
    if text == "${AWS.AccountId}" || is_number(&text) {
        return Who::Account(owner(&text, read));
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, _, _, account, "root"] => Who::Account(owner(account, read)),
        ["arn", _, _, _, account, _] => Who::Identity(owner(account, read), text.clone()),
        // An id that is left of a role or user that was deleted.
        _ if read.value().is_some() => {
            Who::Identity(Owner::Unknown(String::new(), Unknown::Outside(text.as_str().into())), text.clone())
        }
        _ => Who::Unknown(why()),
    }
}

/// An account's number.
fn is_number(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn owner(account: &str, read: &Read<'_>) -> Owner {
    let own = &*read.resource.address.account;
    if account == "${AWS.AccountId}" || (account == own && !own.is_empty()) {
        Owner::Own
    } else if account.contains("${") {
        let hole =
            account.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).filter(|name| !name.contains('.'));
        let why = hole.map(|name| Unknown::Parameter(name.into())).or_else(|| read.why_unknown());
        Owner::Unknown(account.to_owned(), why.unwrap_or(Unknown::NotCollected))
    } else if own.is_empty() {
        // Where nobody knows the account that a template is for, a number may be its own.
        let why = Unknown::Outside(format!("the account that {account} would be foreign to").into());
        Owner::Unknown(account.to_owned(), why)
    } else {
        Owner::Other(account.to_owned())
    }
}

/// `logs.us-east-1.amazonaws.com` is the service `logs` in the region `us-east-1`.
fn service(read: &Read<'_>) -> Who {
    let why = || read.why_unknown().unwrap_or(Unknown::NotCollected);
    let Some(text) = written::text(read).map(|text| text.replace("${AWS.", "${")) else { return Who::Unknown(why()) };
    if text == "*" {
        return Who::Everybody;
    }
    let name = [".amazonaws.com.cn", ".amazonaws.com", ".${URLSuffix}"].iter().find_map(|end| text.strip_suffix(end));
    let Some(name) = name else {
        return if text.contains("${") { Who::Unknown(why()) } else { Who::Service(text, None) };
    };
    let (mut labels, mut region) = (Vec::new(), None);
    for label in name.split('.') {
        if label == "${Region}" || is_region(label) {
            region = Some(label.to_owned());
        } else if label.contains("${") {
            return Who::Unknown(why());
        } else {
            labels.push(label.to_ascii_lowercase());
        }
    }
    Who::Service(labels.join("."), region)
}

/// `us-east-1`, `us-gov-west-1`.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    parts.len() >= 3
        && parts.first().is_some_and(|first| first.len() == 2)
        && parts.last().is_some_and(|last| !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;
    use crate::model::{Address, Resource, World, from_json};
    use crate::source::Span;
    use serde_json::{Value as Json, json};

    fn who(account: &str, principal: &Json) -> Vec<Who> {
        let address = Address { account: account.into(), ..Address::default() };
        let mut r = Resource::new("T", address, World::Closed, Span::LIVE);
        let document = json!({"P": {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "*"}]}});
        r.raw = Some(from_json(&document).into());
        r.properties = from_json(&document);
        hide(&mut r.properties);
        let document = Document::new(r.get("P"));
        let (statements, _) = document.statements();
        statements[0].grantees().into_iter().map(|grantee| grantee.who).collect()
    }

    /// Functions are not known.
    fn hide(value: &mut Value) {
        if value.child("Fn::Sub").or(value.child("Ref")).is_some() {
            value.kind = Kind::Unknown(Unknown::Parameter("P".into()));
        }
        match &mut value.kind {
            Kind::List(list) => list.iter_mut().for_each(hide),
            Kind::Map(map) => map.values_mut().for_each(|entry| hide(&mut entry.value)),
            _ => {}
        }
    }

    #[test]
    fn principals_are_told_apart_in_each_way_to_write_them() {
        let aws = |text: &str| json!({"AWS": text});
        let sub = |text: &str| json!({"AWS": {"Fn::Sub": text}});
        let (own, role) = ("1".repeat(12), "arn:aws:iam::111111111111:role/app");
        assert_eq!(who(&own, &json!("*")), [Who::Everybody]);
        assert_eq!(who(&own, &aws("*")), [Who::Everybody]);
        for root in
            [aws("111111111111"), aws("arn:aws:iam::111111111111:root"), json!({"AWS": {"Ref": "AWS::AccountId"}})]
        {
            assert_eq!(who(&own, &root), [Who::Account(Owner::Own)], "{root}");
        }
        assert_eq!(who("", &sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")), [Who::Account(Owner::Own)]);
        assert_eq!(who(&own, &aws(role)), [Who::Identity(Owner::Own, role.into())]);
        assert_eq!(who("2", &aws(role)), [Who::Identity(Owner::Other(own), role.into())]);
        assert!(matches!(who("", &aws(role))[..], [Who::Identity(Owner::Unknown(..), _)]));
        assert!(matches!(who("", &sub("arn:aws:iam::${Other}:root"))[..], [Who::Account(Owner::Unknown(..))]));
        assert!(matches!(who("", &json!({"AWS": {"Ref": "RoleArn"}}))[..], [Who::Unknown(_)]));
    }

    #[test]
    fn a_service_goes_by_its_name_without_region_and_suffix() {
        let service = |name: Json| who("1", &json!({ "Service": name }));
        let is = |name: &str, region: Option<&str>| Who::Service(name.into(), region.map(Into::into));
        assert_eq!(service(json!(["cloudtrail.amazonaws.com"])), [is("cloudtrail", None)]);
        assert_eq!(service(json!("delivery.logs.amazonaws.com")), [is("delivery.logs", None)]);
        assert_eq!(service(json!("logs.us-east-1.amazonaws.com")), [is("logs", Some("us-east-1"))]);
        let here = json!({"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"});
        assert_eq!(service(here), [is("logs", Some("${Region}"))]);
        assert!(matches!(service(json!({"Ref": "Service"}))[..], [Who::Unknown(_)]));
    }
}
