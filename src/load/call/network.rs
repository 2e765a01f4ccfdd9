//! `Fn::GetAZs` and `Fn::Cidr`.

use std::sync::Arc;

use ipnet::IpNet;

use super::super::evaluator::{ELEMENT, Evaluator};
use super::{Answer, blocks};
use crate::model::{Kind, Unknown, Value};
use crate::source::Span;

/// The region whose zones are meant, by name or as `AWS::Region`.
pub(super) fn zones(on: &Evaluator<'_>, argument: &Value) -> Result<Arc<str>, Unknown> {
    let own: Arc<str> = "AWS::Region".into();
    let here = || if on.inputs.region.is_empty() { Arc::clone(&own) } else { Arc::clone(&on.inputs.region) };
    if argument.kind == Kind::Null {
        return Ok(here());
    }
    match on.text(argument, "Fn::GetAZs") {
        Ok(region) if region.is_empty() => Ok(here()),
        Ok(region) => Ok(region),
        Err(Unknown::Parameter(name)) if name == own => Ok(own),
        Err(why) => Err(why),
    }
}

pub(super) fn cidr(on: &Evaluator<'_>, argument: &Value) -> Answer {
    let unsupported = || Unknown::Unsupported("Fn::Cidr".into());
    let Some([block, count, bits]) = argument.as_list() else { return Err(unsupported()) };
    let [block, count, bits] = [block, count, bits].map(|part| on.text(part, "Fn::Cidr"));
    let cut = blocks::cut(&block?, &count?, &bits?).ok_or_else(unsupported)?;
    on.spend(cut.len() * ELEMENT)?;
    let text = |block: IpNet| Value { kind: Kind::Str(block.to_string().into()), at: Span::LIVE };
    Ok(Kind::List(cut.into_iter().map(text).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::super::Inputs;
    use super::super::super::testing::shown;

    #[test]
    fn an_address_block_is_cut_into_equal_parts() {
        let shown = |written: &str| shown(written, &Inputs::default());
        assert_eq!(shown("!Cidr [10.0.0.0/16, 3, 8]"), r#"["10.0.0.0/24","10.0.1.0/24","10.0.2.0/24"]"#);
        assert_eq!(shown("!Select [1, !Cidr ['2001:db8::/56', 2, 64]]"), "2001:db8:0:1::/64");
        let unnamed = "unknown (Fn::Cidr is not evaluated)";
        assert_eq!(shown("!Cidr [10.0.0.0/16, 3]"), unnamed, "no default for the bits is documented");
    }
}
