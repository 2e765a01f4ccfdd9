//! The shapes of function arguments.

use super::super::condition;
use crate::model::{Kind, Value};

/// What is wrong with the argument of a function, as a phrase that says what it should be; `None` if nothing is.
/// `extended` says that the template has the transform `AWS::LanguageExtensions`, with which functions may stand in more places.
pub(super) fn expected(function: &str, argument: &Value, extended: bool) -> Option<&'static str> {
    let items = argument.as_list();
    let count = items.map(<[Value]>::len);
    let (fits, what) = match function {
        "Ref" => (is_text(argument) || extended && is_call(argument), "the name of a parameter or a resource"),
        "Fn::GetAtt" => (get_att(argument), "`Resource.Attribute` or a list of both"),
        "Fn::Sub" => (sub(argument), "a text, or a list of a text and a mapping of variables"),
        "Fn::Join" => (first_is_text(items) && count == Some(2) && second_is_list(items), "a delimiter and a list"),
        "Fn::Select" => {
            (count == Some(2) && second_is_list(items) && index(items), "an index, counted from 0, and a list")
        }
        "Fn::Split" => (first_is_text(items) && count == Some(2) && all_texts(items), "a delimiter and a text"),
        "Fn::FindInMap" => (find_in_map(items), "a mapping's name and two keys"),
        "Fn::If" => (count == Some(3) && first_is_text(items), "a condition's name and two values"),
        "Fn::Equals" => (count == Some(2), "two values"),
        "Fn::Not" => (count == Some(1), "a list of one condition"),
        "Fn::And" | "Fn::Or" => (matches!(count, Some(2..=10)), "a list of two to ten conditions"),
        "Fn::Base64" | "Fn::ImportValue" => (is_text(argument) || is_call(argument), "a text"),
        // Nothing means the stack's own region.
        "Fn::GetAZs" => (argument.kind == Kind::Null || is_text(argument) || is_call(argument), "a region"),
        "Fn::Cidr" => {
            (matches!(count, Some(2..=3)) || is_call(argument), "an address block, a count and a number of bits")
        }
        "Fn::Length" => (items.is_some() || is_call(argument), "a list"),
        "Fn::ToJsonString" => (items.is_some() || argument.as_map().is_some(), "a mapping or a list"),
        "Fn::Contains" | "Fn::EachMemberEquals" => {
            (members(items) && text_or_call(items, 1), "a list of texts and a text")
        }
        "Fn::EachMemberIn" => (members(items) && second_is_list(items), "two lists of texts"),
        "Fn::RefAll" => (argument.as_str().is_some(), "a parameter type"),
        "Fn::ValueOf" => (two_words(items), "a parameter's name and an attribute"),
        "Fn::ValueOfAll" => (two_words(items), "a parameter type and an attribute"),
        _ => (true, ""),
    };
    (!fits).then_some(what)
}

/// A function may stand wherever a text or a list is expected; so may another tool's, `{"Tool::Embed": …}`.
fn is_call(value: &Value) -> bool {
    let foreign = |key: &str| key.contains("::");
    condition::call(value).is_some()
        || value.as_map().is_some_and(|map| map.len() == 1 && map.keys().all(|key| foreign(key)))
}

fn is_text(value: &Value) -> bool {
    matches!(value.kind, Kind::Str(_) | Kind::Int(_) | Kind::Float(_) | Kind::Bool(_))
}

fn is_list(value: &Value) -> bool {
    value.as_list().is_some() || is_call(value)
}

fn get_att(argument: &Value) -> bool {
    match &argument.kind {
        Kind::Str(dotted) => {
            dotted.split_once('.').is_some_and(|(id, attribute)| !id.is_empty() && !attribute.is_empty())
        }
        Kind::List(parts) => parts.len() >= 2 && parts.iter().all(|part| is_text(part) || is_call(part)),
        _ => false,
    }
}

fn sub(argument: &Value) -> bool {
    match argument.as_list() {
        Some([text, variables]) => is_text(text) && variables.as_map().is_some(),
        Some([text]) => is_text(text),
        Some(_) => false,
        None => is_text(argument) || is_call(argument),
    }
}

fn find_in_map(items: Option<&[Value]>) -> bool {
    let text = |value: &Value| is_text(value) || is_call(value);
    match items {
        Some([keys @ .., options]) if keys.len() == 3 => {
            keys.iter().all(text) && options.child("DefaultValue").is_some()
        }
        Some(keys) => keys.len() == 3 && keys.iter().all(text),
        None => false,
    }
}

/// The index of `Fn::Select`, where it is written down.
fn index(items: Option<&[Value]>) -> bool {
    let index = items.and_then(|items| items.first());
    index.is_some_and(|index| is_call(index) || index.text().is_some_and(|text| text.trim().parse::<usize>().is_ok()))
}

fn members(items: Option<&[Value]>) -> bool {
    items.is_some_and(|items| items.len() == 2 && items.first().is_some_and(is_list))
}

fn text_or_call(items: Option<&[Value]>, at: usize) -> bool {
    items.and_then(|items| items.get(at)).is_some_and(|item| is_text(item) || is_call(item))
}

fn two_words(items: Option<&[Value]>) -> bool {
    items.is_some_and(|items| items.len() == 2 && items.iter().all(|item| item.as_str().is_some()))
}

fn second_is_list(items: Option<&[Value]>) -> bool {
    items.and_then(|items| items.get(1)).is_some_and(is_list)
}

fn first_is_text(items: Option<&[Value]>) -> bool {
    items.and_then(|items| items.first()).is_some_and(is_text)
}

fn all_texts(items: Option<&[Value]>) -> bool {
    items.is_some_and(|items| items.iter().all(|item| is_text(item) || is_call(item)))
}
