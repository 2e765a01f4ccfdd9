//! Arguments that are written down and cannot work, whatever the inputs.

use super::super::super::call::blocks;
use super::super::super::condition;
use crate::diag::Diagnostic;
use crate::model::Value;

/// What is certainly wrong with the values of the arguments.
pub(super) fn check(function: &str, argument: &Value) -> Option<Diagnostic> {
    let parts = argument.as_list()?;
    match function {
        "Fn::Select" => select(parts),
        "Fn::Cidr" => cidr(parts, argument),
        _ => None,
    }
}

fn select(parts: &[Value]) -> Option<Diagnostic> {
    let [index, list] = parts else { return None };
    let (number, items) = (index.text()?.trim().parse::<usize>().ok()?, list.as_list()?);
    (number >= items.len()).then(|| out_of_range(index, number, items.len()))
}

/// `Fn::Select` beyond the end of a list.
pub(in crate::load) fn out_of_range(index: &Value, number: usize, length: usize) -> Diagnostic {
    Diagnostic::error(index.at, format!("`Fn::Select` takes element {number} of a list of {length}"))
        .label("out of range")
        .hint("elements are counted from 0")
}

fn cidr(parts: &[Value], whole: &Value) -> Option<Diagnostic> {
    let [block, count, bits @ ..] = parts else { return None };
    if let Some(text) = count.text().filter(|_| condition::call(count).is_none()) {
        let fits = text.trim().parse::<usize>().is_ok_and(|count| (1..=blocks::MAX).contains(&count));
        if !fits {
            let problem = Diagnostic::error(count.at, format!("`Fn::Cidr` cannot make `{text}` blocks"));
            return Some(problem.label(format!("expected a number from 1 to {}", blocks::MAX)));
        }
    }
    let text = block.text()?;
    if !blocks::is_block(&text) {
        let problem = Diagnostic::error(block.at, format!("`{text}` is not an address block"));
        return Some(problem.hint("`10.0.0.0/16` or `2001:db8::/56`, for example"));
    }
    let (block, count, bits) = (text, count.text()?, bits.first()?.text()?);
    blocks::cut(&block, &count, &bits)
        .is_none()
        .then(|| Diagnostic::error(whole.at, format!("`{block}` has no {count} blocks of {bits} bits")))
}

#[cfg(test)]
mod tests {
    use crate::load::testing::problems;

    #[test]
    fn what_cannot_work_is_said_at_the_argument() {
        for (written, message, place) in [
            ("!Select [2, [a, b]]", "`Fn::Select` takes element 2 of a list of 2", "2"),
            ("!Select [x, [a, b]]", "wrong argument of `Fn::Select`", "[x, [a, b]]"),
            ("!Select [-1, [a, b]]", "wrong argument of `Fn::Select`", "[-1, [a, b]]"),
            ("!Cidr [10.0.0.0/8, 257, 8]", "`Fn::Cidr` cannot make `257` blocks", "257"),
            ("!Cidr [10.0.0.0, 1, 8]", "`10.0.0.0` is not an address block", "10.0.0.0"),
            ("!Cidr [10.0.0.0/24, 3, 8]", "`10.0.0.0/24` has no 3 blocks of 8 bits", "[10.0.0.0/24, 3, 8]"),
            ("!Join [!Ref Q, [a]]", "wrong argument of `Fn::Join`", "[!Ref Q, [a]]"),
            ("!Split [!Ref Q, a]", "wrong argument of `Fn::Split`", "[!Ref Q, a]"),
        ] {
            let found = problems(&format!(
                "Resources: {{Q: {{Type: T::T::T}}, R: {{Type: T::T::T, Properties: {{A: {written}}}}}}}"
            ));
            assert_eq!(found, [(message.to_owned(), place.to_owned())], "{written}");
        }
    }
}
