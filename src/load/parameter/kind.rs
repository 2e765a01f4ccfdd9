//! The types that a parameter may have.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html>

/// Types whose values are ids or names of what exists in the account.
const AWS: &[&str] = &[
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::EC2::Volume::Id",
    "AWS::Route53::HostedZone::Id",
];

/// What is wrong with a type.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::load) enum Wrong {
    /// Surely a mistake, and how to put it right if that can be told.
    Mistake(Option<String>),
    /// It looks like a type of AWS's, perhaps a newer one.
    NotKnown,
}

/// The type of what Parameter Store keeps under the name that the parameter gives.
pub(super) fn stored(kind: &str) -> Option<&str> {
    kind.strip_prefix("AWS::SSM::Parameter::Value<")?.strip_suffix('>')
}

/// The type of the elements, if it is a list of the written form `List<…>`.
pub(super) fn element(kind: &str) -> Option<&str> {
    kind.strip_prefix("List<")?.strip_suffix('>')
}

/// What is wrong with a type's name; `None` if it is one.
pub(in crate::load) fn wrong(kind: &str) -> Option<Wrong> {
    if is_known(kind) {
        return None;
    }
    let mistake = |hint: String| Some(Wrong::Mistake(Some(hint)));
    let write = |name: &str| mistake(format!("write `{name}`"));
    match kind.to_ascii_lowercase().as_str() {
        "bool" | "boolean" => return mistake("write `String` with `AllowedValues: [\"true\", \"false\"]`".to_owned()),
        "int" | "integer" | "float" | "double" => return write("Number"),
        "list" | "array" | "stringlist" => return write("CommaDelimitedList"),
        "text" | "str" => return write("String"),
        _ => {}
    }
    let all = all();
    if let Some(near) = crate::diag::did_you_mean(kind, all.iter().map(String::as_str)) {
        return mistake(format!("did you mean `{near}`?"));
    }
    let inner = stored(kind).or_else(|| element(kind)).unwrap_or(kind);
    Some(if inner.starts_with("AWS::") { Wrong::NotKnown } else { Wrong::Mistake(None) })
}

fn is_known(kind: &str) -> bool {
    let of_aws = |kind: &str| AWS.contains(&kind);
    match (stored(kind), element(kind)) {
        (Some(inner), _) => {
            let inner = element(inner).unwrap_or(inner);
            of_aws(inner) || matches!(inner, "String" | "CommaDelimitedList")
        }
        (None, Some(inner)) => of_aws(inner) || matches!(inner, "Number" | "String"),
        (None, None) => {
            of_aws(kind) || matches!(kind, "String" | "Number" | "CommaDelimitedList" | "AWS::SSM::Parameter::Name")
        }
    }
}

fn all() -> Vec<String> {
    let plain = ["String", "Number", "CommaDelimitedList", "List<Number>", "AWS::SSM::Parameter::Name"];
    let kept = ["String", "CommaDelimitedList", "List<String>"];
    let of_aws = AWS.iter().flat_map(|kind| {
        [
            (*kind).to_owned(),
            format!("List<{kind}>"),
            format!("AWS::SSM::Parameter::Value<{kind}>"),
            format!("AWS::SSM::Parameter::Value<List<{kind}>>"),
        ]
    });
    let kept = kept.iter().map(|kind| format!("AWS::SSM::Parameter::Value<{kind}>"));
    plain.iter().map(|kind| (*kind).to_owned()).chain(kept).chain(of_aws).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_documented_types_are_known() {
        for kind in all() {
            assert_eq!(wrong(&kind), None, "{kind}");
        }
    }

    #[test]
    fn a_wrong_type_comes_with_the_right_one_where_that_can_be_told() {
        let mistake = |hint: &str| Some(Wrong::Mistake(Some(hint.to_owned())));
        assert_eq!(wrong("string"), mistake("did you mean `String`?"));
        assert_eq!(wrong("AWS::EC2::VPC::ID"), mistake("did you mean `AWS::EC2::VPC::Id`?"));
        assert_eq!(wrong("List<AWS::EC2::Subnet:Id>"), mistake("did you mean `List<AWS::EC2::Subnet::Id>`?"));
        assert_eq!(wrong("Integer"), mistake("write `Number`"));
        assert_eq!(wrong("Zebra"), Some(Wrong::Mistake(None)));
        assert_eq!(wrong("AWS::Quantum::Computer::Id"), Some(Wrong::NotKnown), "AWS adds types");
    }
}
