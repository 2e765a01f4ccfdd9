//! Names follow a convention.

use regex::Regex;

use crate::model::{Provenance, Read, Resource, Value};
use crate::rules::{Context, Evidence, PLACEHOLDERS, Preset, Verdict, check, rules};

use super::table::name_of;
use super::tagged::Tags;
use super::unresolved::{Guess, guess, literal_prefix};

rules! {
    /// ## Why
    /// A name that says the application, the environment and the purpose makes policies by prefix possible and tells an alarm at night what
    /// it is about.
    ///
    /// The name property of a type, or the tag `Name` of a type that has no name, matches `pattern`. In it `{env}` stands for the environment
    /// of the resource, `{type}` for the last part of its type in lower case, `{account}` for the account id. What AWS demands in front
    /// (`alias/`, `/aws/lambda/`, `aws-waf-logs-`) is left out. A name that is not set is made by CloudFormation, and passes unless
    /// `require_explicit_name`; so does, live, the name that CloudFormation made. Of a name that cannot be resolved the parts that are
    /// written down are compared. Without a `pattern` no resource is judged.
    ///
    /// ## Fix
    /// ```yaml
    /// BucketName: !Sub "shop-${Environment}-images"
    /// ```
    "resource-naming-convention" => {
        title: "Names follow the naming convention.",
        category: Governance,
        severity: Low,
        scope: Resource,
        types: ["*"],
        reads: [
            "*.Tags", "*.BackupPlanTags", "*.BackupVaultTags", "*.HealthCheckTags", "*.HostedZoneTags", "*.ResourceTags",
        ],
        params: {
            pattern: Preset::NamePattern => "regular expression for names; may hold {env}, {type} and {account}",
            require_explicit_name: Preset::Bool(false) => "names must be set",
            types: Preset::Texts(&[]) => "only these types; none is all",
        },
        equivalents: [],
        check: named,
    }
}

/// What AWS demands in front of a name.
const DEMANDED: &[&str] = &["alias/", "aws-waf-logs-"];

fn named(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    let pattern = cx.params.pattern("pattern")?;
    let only = cx.params.texts("types");
    if r.provenance == Provenance::Service || !(only.is_empty() || only.iter().any(|kind| *kind == *r.kind)) {
        return None;
    }
    let demanded = cx.params.bool("require_explicit_name");
    let expected = format!("a name that matches {}", shown(pattern));
    if let Some(property) = name_of(&r.kind) {
        let name = r.get(property);
        let written = r.raw.as_deref().and_then(|raw| property.split('.').try_fold(raw, |value, key| value.child(key)));
        return Some(judge(r, &name, written, pattern, &expected, demanded));
    }
    let tags = Tags::of(r)?;
    let Some(tag) = tags.get("Name") else {
        return Some(match (&tags.incomplete, demanded) {
            (Some(why), _) => Verdict::unknown(Evidence::unknown(&tags.read, expected, why)),
            (None, true) => check::fail(&tags.read, &format!("a tag Name: {expected}")),
            (None, false) => Verdict::Pass,
        });
    };
    let written = super::tagged::written(r, &tags.read.path, "Name");
    Some(judge(r, &tag.value, written, pattern, &expected, demanded))
}

/// The pattern as the profile writes it.
fn shown(pattern: &Regex) -> String {
    PLACEHOLDERS.iter().fold(pattern.to_string(), |text, (name, character)| text.replace(character, name))
}

fn judge(
    r: &Resource,
    name: &Read<'_>,
    written: Option<&Value>,
    pattern: &Regex,
    expected: &str,
    demanded: bool,
) -> Verdict {
    if name.is_absent() {
        return if demanded { check::fail(name, expected) } else { Verdict::Pass };
    }
    let Some(text) = name.value().and_then(Value::text).filter(|_| name.why_unknown().is_none()) else {
        return match written
            .map(|value| guess(value, |text, holes| fits(r, pattern, text, holes), &literal_prefix(pattern)))
        {
            Some(Guess::Fits) => Verdict::Pass,
            Some(Guess::Contradicts) => Verdict::fail(Evidence {
                actual: written.map(ToString::to_string),
                at: name.at(),
                ..Evidence::of(name, expected)
            }),
            Some(Guess::Open) | None => check::unknown(name, expected),
        };
    };
    if !demanded && generated(r, &text) {
        return Verdict::Pass;
    }
    if fits(r, pattern, &text, false) {
        return Verdict::Pass;
    }
    let environment = PLACEHOLDERS.first().is_some_and(|(_, character)| pattern.as_str().contains(character));
    if environment && r.environment.is_none() && fits(r, pattern, &text, true) {
        let nobody = crate::model::Unknown::Outside("the environment of the resource".into());
        return Verdict::unknown(Evidence::unknown(name, expected, &nobody));
    }
    check::fail(name, expected)
}

/// Whether a name matches the pattern, with the environment, the type and the account of the resource in the places of their placeholders.
/// With `any_environment` each word of the name may be the environment.
fn fits(r: &Resource, pattern: &Regex, name: &str, any_environment: bool) -> bool {
    let name = DEMANDED.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    // `/aws/lambda/shop-api` is about `shop-api`.
    let name = name.strip_prefix("/aws/").and_then(|rest| rest.split_once('/')).map_or(name, |(_, own)| own);
    let kind = r.kind.rsplit("::").next().unwrap_or_default().to_lowercase();
    let mut candidates = vec![name.to_owned()];
    for (n, (_, character)) in PLACEHOLDERS.iter().enumerate() {
        if !pattern.as_str().contains(character) {
            continue;
        }
        let known = [r.environment.as_deref(), Some(&*kind), Some(&*r.address.account)].get(n).copied().flatten();
        let words: Vec<String> = if n == 0 && any_environment {
            name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        } else {
            known.filter(|text| !text.is_empty()).map(str::to_owned).into_iter().collect()
        };
        let more: Vec<String> = candidates
            .iter()
            .flat_map(|candidate| {
                words.iter().flat_map(|word| replaced(candidate, word, character)).collect::<Vec<_>>()
            })
            .collect();
        candidates.extend(more);
    }
    candidates.iter().any(|candidate| pattern.is_match(candidate))
}

/// A text with a word of it, in whatever case, replaced by a character: each occurrence by itself.
fn replaced(text: &str, word: &str, character: &str) -> Vec<String> {
    let (lower, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let found = lower.match_indices(&word).map(|(at, _)| at);
    found.filter_map(|at| Some(format!("{}{character}{}", text.get(..at)?, text.get(at + word.len()..)?))).collect()
}

/// Whether CloudFormation made the name: the stack, the logical id and something random.
fn generated(r: &Resource, name: &str) -> bool {
    let (Some(logical), Some(stack)) = (r.address.logical_id.as_deref(), r.address.stack_name()) else { return false };
    if !r.is_live() {
        return false;
    }
    let begins = |text: &str| text.to_lowercase().chars().take(6).collect::<String>();
    let name = name.to_lowercase();
    let Some((head, end)) = name.rsplit_once('-') else { return false };
    // Twelve or thirteen characters; of other lengths it takes a digit to tell it from a word.
    let random = end.chars().all(char::is_alphanumeric)
        && (matches!(end.len(), 12 | 13) || (8..=20).contains(&end.len()) && end.chars().any(|c| c.is_ascii_digit()));
    random && head.starts_with(&begins(stack)) && head.contains(&begins(logical))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, World};
    use crate::source::Span;

    fn bucket(environment: Option<&str>) -> Resource {
        let address = Address { account: "123456789012".into(), ..Address::default() };
        let mut r = Resource::new("AWS::S3::Bucket", address, World::Closed, Span::LIVE);
        r.environment = environment.map(Into::into);
        r
    }

    #[test]
    fn placeholders_stand_for_what_the_resource_is() {
        let prod = bucket(Some("prod"));
        for (pattern, name, expected) in [
            ("^shop-\u{1}-[a-z]+$", "shop-prod-images", true),
            ("^shop-\u{1}-[a-z]+$", "shop-dev-images", false),
            (".*\u{1}.*", "images-PROD", true),
            ("^\u{1}-\u{2}-\u{3}$", "prod-bucket-123456789012", true),
            ("^\u{1}-\u{2}$", "prod-queue", false),
            ("^[a-z]+-\u{1}$", "prod-prod", true),
            ("^corp-[a-z0-9-]+$", "alias/corp-data", true),
            ("^corp-[a-z0-9-]+$", "/aws/lambda/corp-api", true),
        ] {
            assert_eq!(fits(&prod, &Regex::new(pattern).unwrap(), name, false), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_name_that_cloudformation_made_is_known_by_its_parts() {
        let mut r = bucket(None);
        r.world = World::Open { reads: &[] };
        r.address.stack = Some("arn:aws:cloudformation:us-east-1:1:stack/shop/1".into());
        r.address.logical_id = Some("ImagesBucket".into());
        assert!(generated(&r, "shop-imagesbucket-1a2b3c4d5e6f"));
        assert!(generated(&r, "shop-imagesbucket-dzcdrsajupyw"), "one in fifty has no digit");
        assert!(!generated(&r, "shop-images"));
    }
}
