//! The JSON Schema of profile files, with every rule's parameters: editors complete and check with it.

use serde_json::{Map, Value, json};

use crate::rules::{self, Preset, Rule};

/// The schema.
#[must_use]
pub fn profile_schema() -> Value {
    let texts = json!({"type": "array", "items": {"type": "string"}});
    let pattern = |what: &str| json!({"type": "array", "items": {"type": "string"}, "description": format!("Patterns with * and ? of {what}; one must fit.")});
    let mut all: Vec<&'static Rule> = rules::all().collect();
    all.sort_by_key(|r| r.id);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "driftline compliance profile",
        "type": "object",
        "required": ["name", "title"],
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "description": "What it is called in reports."},
            "title": {"type": "string", "description": "One line about it."},
            "extends": &texts,
            "framework": {"$ref": "#/$defs/framework"},
            "environments": {
                "type": "object",
                "description": "Which accounts belong to which environment: name to patterns of account ids. A tag or parameter named Environment says it first.",
                "additionalProperties": &texts,
            },
            "every_environment": {"type": "boolean", "description": "Judge a template file once for each value that its environment parameter allows."},
            "when": {"$ref": "#/$defs/selector"},
            "unless": {"$ref": "#/$defs/selector"},
            "rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}},
            "left_out": {
                "type": "array",
                "description": "Rules that it does without on purpose.",
                "items": {
                    "type": "object",
                    "required": ["id", "why"],
                    "additionalProperties": false,
                    "properties": {"id": {"type": "string"}, "why": {"type": "string"}},
                },
            },
        },
        "$defs": {
            "selector": {
                "type": "object",
                "description": "Which resources are meant. Everything that is given must fit.",
                "additionalProperties": false,
                "properties": {
                    "types": pattern("CloudFormation types"),
                    "accounts": pattern("account ids"),
                    "regions": pattern("regions"),
                    "stacks": pattern("stack names"),
                    "names": pattern("logical or physical ids"),
                    "environments": pattern("environments"),
                    "tags": {
                        "type": "object",
                        "description": "Tags, each with a pattern of its value, or null if it must only be there.",
                        "additionalProperties": {"type": ["string", "null"]},
                    },
                },
            },
            "framework": {
                "type": "object",
                "description": "Makes the profile a view: the rules that name one of the controls among their equivalents.",
                "required": ["equivalents", "edition", "controls"],
                "additionalProperties": false,
                "properties": {
                    "equivalents": {"type": "string"},
                    "edition": {"type": "string"},
                    "controls": texts,
                    "cannot": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "rule": {
                "type": "object",
                "required": ["id"],
                "additionalProperties": false,
                "properties": {
                    "id": {"type": "string", "description": "A rule, or another tool's name for it."},
                    "enabled": {"type": "boolean", "description": "false takes a rule out that an extended profile lists."},
                    "severity": {"enum": ["low", "medium", "high", "critical"]},
                    "params": {"type": "object"},
                    "when": {"$ref": "#/$defs/selector"},
                    "unless": {"$ref": "#/$defs/selector"},
                },
                "allOf": all.iter().map(|r| of(r)).collect::<Vec<_>>(),
            },
        },
    })
}

/// The parameters of one rule.
fn of(rule: &Rule) -> Value {
    let property = |p: &rules::Param| {
        let mut schema = shape(p.default);
        if let Value::Object(map) = &mut schema {
            map.insert("description".into(), format!("{} (default {})", p.docs, p.default.value()).into());
        }
        (p.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = rule.params.iter().map(property).collect();
    json!({
        "if": {"properties": {"id": {"const": rule.id}}},
        "then": {"properties": {"params": {"additionalProperties": false, "properties": properties}}},
    })
}

fn shape(preset: Preset) -> Value {
    match preset {
        Preset::Bool(_) => json!({"type": "boolean"}),
        Preset::Int(_) => json!({"type": "integer"}),
        Preset::Share(_) => json!({"type": "number"}),
        Preset::Text(_) => json!({"type": "string"}),
        Preset::Nothing => json!({"type": ["string", "null"]}),
        Preset::Texts(_) => json!({"type": "array", "items": {"type": ["string", "integer"]}}),
        Preset::Ints(_) => json!({"type": "array", "items": {"type": "integer"}}),
        Preset::Pattern(_) | Preset::NamePattern => json!({"type": ["string", "null"], "format": "regex"}),
        Preset::Patterns(_) => json!({"type": "array", "items": {"type": "string", "format": "regex"}}),
        Preset::Map(_) | Preset::PatternMap(_) => {
            json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}})
        }
        Preset::Lists(_) => {
            json!({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}})
        }
    }
}
