//! Secrets in Parameter Store.

use crate::model::{Field, Read, Resource, Value, types};
use crate::rules::readers::{keys, written};
use crate::rules::template::names::is_harmless;
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A parameter of type `String` is readable for everybody who may read parameters, in the console and in every listing. A `SecureString` takes
    /// a permission on its key as well.
    ///
    /// Judged are parameters whose name matches `sensitive_pattern`. Names that only point to a secret (`/app/secret-arn`,
    /// `/app/kms-key-id`) are left out. CloudFormation cannot make a `SecureString`: in a template such a parameter always fails, and its value
    /// belongs into Secrets Manager, or into a `SecureString` made elsewhere that templates refer to by `{{resolve:ssm-secure:…}}`. AWS
    /// encrypts with its own key (`alias/aws/ssm`) unless told otherwise, which is accepted unless `require_cmk` is set.
    ///
    /// `require_any` demands that a `SecureString` exists in the region, below `prefix` if that is set; only the observed side can have one.
    ///
    /// ## Fix
    /// ```sh
    /// aws ssm put-parameter --name /app/db/password --type SecureString --key-id alias/app --value file://password.txt --overwrite
    /// ```
    ///
    /// ```yaml
    /// # in a template
    /// MasterUserPassword: "{{resolve:ssm-secure:/app/db/password}}"
    /// ```
    "ssm-sensitive-parameter-secure-string" => {
        title: "Sensitive Parameter Store values are SecureString.",
        category: Secrets,
        severity: High,
        scope: Estate,
        types: ["AWS::SSM::Parameter", "Driftline::Account::Region"],
        reads: ["AWS::KMS::Key", "AWS::KMS::Alias"],
        params: {
            sensitive_pattern: Preset::Pattern("(?i)(password|secret|token|key|credential|connection-?string)")
                => "regular expression for the names of sensitive parameters",
            require_cmk: Preset::Bool(false) => "reject AWS's own key, alias/aws/ssm",
            require_any: Preset::Bool(false) => "demand that there is a SecureString at all",
            prefix: Preset::Nothing => "where that one must be: `/app/`",
        },
        equivalents: ["checkov/CKV2_AWS_34"],
        check: |r, cx| if &*r.kind == types::REGION { exists(r, cx) } else { sensitive(r, cx) },
    }
}

const SECURE: &str = "SecureString";

fn sensitive(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let pattern = cx.params.pattern("sensitive_pattern")?;
    let name = r.get("Name");
    let verdict = || {
        let kind = r.get("Type");
        let secure = check::one_of(&kind, &[SECURE]);
        if secure.is_pass() && cx.params.bool("require_cmk") { own_key(r, cx) } else { secure }
    };
    // A parameter without a name gets one from its logical id.
    let known = if name.is_absent() { Some(r.address.name().to_owned()) } else { written::text(&name) };
    let known = known.map(|text| blank(&text));
    match known.as_deref() {
        Some(text) if is_harmless(last(text)) => None,
        Some(text) if pattern.is_match(text) => Some(verdict()),
        Some(text) if !text.contains(HOLE) => None,
        _ => Some(check::unknown(&name, "whether the parameter is sensitive")),
    }
}

/// What stands for a part of a name that is not known.
const HOLE: char = '\u{fffd}';

/// A name in which holes do not go by the names of what would fill them; the stack, the region and the account are left out.
fn blank(text: &str) -> String {
    let mut pieces = text.split("${");
    let mut name = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (filled, rest) = piece.split_once('}').unwrap_or(("", piece));
        if !filled.starts_with("AWS.") {
            name.push(HOLE);
        }
        name.push_str(rest);
    }
    name
}

/// The last part of a path tells what a parameter is.
fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The key of an observed `SecureString`.
fn own_key(r: &Resource, cx: &Context<'_>) -> Verdict {
    keys::is_customers(cx.estate, &r.attribute("KeyId"))
}

/// A `SecureString` exists in an observed region.
fn exists(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    if !r.is_live() || !cx.params.bool("require_any") {
        return None;
    }
    let prefix = cx.params.text("prefix").unwrap_or_default();
    let expected = format!("a SecureString {}", if prefix.is_empty() { "anywhere" } else { prefix });
    let none = Read::new(r, "AWS::SSM::Parameter".into(), Field::Absent { near: r.at });
    let is_one = |p: &Resource| {
        let below =
            check::require(&p.get("Name"), &expected, |v: &Value| v.as_str().map(|name| name.starts_with(prefix)));
        below.and(check::one_of(&p.get("Type"), &[SECURE])).on(p.address.name())
    };
    Some(check::some(&cx.estate.of(r, "AWS::SSM::Parameter"), &none, &expected, is_one))
}
