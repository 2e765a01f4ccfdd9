//! Metric math: the expressions of alarms, parsed far enough to see what is divided by what.

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::rules) enum Math {
    /// A number.
    Number(f64),
    /// The id of a metric or of another expression.
    Id(String),
    /// Text: a search, a name.
    Text,
    /// `IF(a, b, c)`; the name in capitals.
    Call(String, Vec<Self>),
    /// `[m1, m2]`.
    List(Vec<Self>),
    /// `a / b`; also comparisons and logic.
    Binary(&'static str, Box<Self>, Box<Self>),
}

/// The operators, from those that bind least.
const LEVELS: &[&[&str]] =
    &[&["||", "OR"], &["&&", "AND"], &["==", "!=", "<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"], &["^"]];

/// Deeper nesting than anybody writes.
const DEEPEST: usize = 64;

/// Parses an expression; `None` if it is not one that we understand.
pub(in crate::rules) fn parse(text: &str) -> Option<Math> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    let math = parser.level(0)?;
    (parser.at == tokens.len()).then_some(math)
}

impl Math {
    /// Every id in it, in order.
    pub(in crate::rules) fn ids(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        self.gather(&mut ids);
        ids
    }

    fn gather<'a>(&'a self, ids: &mut Vec<&'a str>) {
        match self {
            Self::Number(_) | Self::Text => {}
            Self::Id(id) => ids.push(id),
            // The length of a period is a constant, whatever the metric.
            Self::Call(name, _) if name == "PERIOD" => {}
            Self::Call(_, parts) | Self::List(parts) => parts.iter().for_each(|part| part.gather(ids)),
            Self::Binary(_, a, b) => {
                a.gather(ids);
                b.gather(ids);
            }
        }
    }

    /// Whether it is a number, however it is written.
    pub(in crate::rules) fn is_constant(&self) -> bool {
        self.ids().is_empty() && !matches!(self, Self::Text)
    }

    /// The denominators in it that nothing guards. `never_zero` says so of the expression of an id.
    pub(in crate::rules) fn bare_denominators(&self, never_zero: &dyn Fn(&str) -> bool) -> Vec<&Self> {
        let mut bare = Vec::new();
        self.divisions(&mut Vec::new(), never_zero, &mut bare);
        bare
    }

    fn divisions<'a>(
        &'a self,
        guards: &mut Vec<&'a Self>,
        never_zero: &dyn Fn(&str) -> bool,
        bare: &mut Vec<&'a Self>,
    ) {
        match self {
            Self::Number(_) | Self::Id(_) | Self::Text => {}
            Self::Call(name, parts) if name == "IF" => {
                let Some((condition, branches)) = parts.split_first() else { return };
                condition.divisions(guards, never_zero, bare);
                guards.push(condition);
                for branch in branches {
                    branch.divisions(guards, never_zero, bare);
                }
                guards.pop();
            }
            // A division by zero leaves a gap, and this fills gaps.
            Self::Call(name, _) if name == "FILL" => {}
            Self::Call(_, parts) | Self::List(parts) => {
                for part in parts {
                    part.divisions(guards, never_zero, bare);
                }
            }
            Self::Binary(op, a, b) => {
                a.divisions(guards, never_zero, bare);
                b.divisions(guards, never_zero, bare);
                let guarded = || {
                    let ids = b.ids();
                    guards.iter().any(|guard| guard.ids().iter().any(|id| ids.contains(id)))
                };
                if *op == "/" && !b.never_zero(never_zero) && !guarded() {
                    bare.push(b);
                }
            }
        }
    }

    /// Whether it cannot be zero: a constant, something at least one, a gap that is filled, or the result of a decision.
    pub(in crate::rules) fn never_zero(&self, of_id: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Number(n) => *n != 0.0,
            Self::Id(id) => of_id(id),
            Self::Text | Self::List(_) => false,
            Self::Call(name, parts) => match (name.as_str(), parts.as_slice()) {
                ("IF", _) => true,
                ("MAX", [Self::List(list)]) => list.iter().any(|part| matches!(part, Self::Number(n) if *n > 0.0)),
                ("FILL", [_, Self::Number(n)]) => *n != 0.0,
                _ => self.is_constant(),
            },
            Self::Binary("+", a, b) => [a, b].iter().any(|part| matches!(***part, Self::Number(n) if n > 0.0)),
            Self::Binary("*", a, b) => a.never_zero(of_id) && b.never_zero(of_id),
            Self::Binary(..) => self.is_constant(),
        }
    }

    /// Whether an id stands where a gap does no harm: in what `FILL` fills, or in a branch of an `IF`.
    pub(in crate::rules) fn shields(&self, id: &str) -> bool {
        match self {
            Self::Number(_) | Self::Id(_) | Self::Text => false,
            Self::Call(name, parts) => match (name.as_str(), parts.split_first()) {
                ("FILL", Some((filled, _))) => filled.ids().contains(&id),
                ("IF", Some((_, branches))) => branches.iter().any(|b| b.ids().contains(&id)),
                _ => parts.iter().any(|part| part.shields(id)),
            },
            Self::List(parts) => parts.iter().any(|part| part.shields(id)),
            Self::Binary(_, a, b) => a.shields(id) || b.shields(id),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Token<'a> {
    Number(f64),
    Word(&'a str),
    Text,
    Sign(&'a str),
}

fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut rest = text.trim_start();
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let run = |test: fn(char) -> bool| rest.find(|c: char| !test(c)).unwrap_or(rest.len());
        let length = match first {
            '0'..='9' | '.' => run(|c| c.is_ascii_digit() || c == '.'),
            '"' | '\'' => rest.get(1..)?.find(first)? + 2,
            c if c.is_ascii_alphabetic() || c == '_' => run(|c| c.is_ascii_alphanumeric() || c == '_'),
            _ if ["||", "&&", "==", "!=", "<=", ">="].iter().any(|op| rest.starts_with(op)) => 2,
            _ if "+-*/%^<>()[],".contains(first) => 1,
            _ => return None,
        };
        let (token, after) = rest.split_at_checked(length)?;
        found.push(match first {
            '0'..='9' | '.' => Token::Number(token.parse().ok()?),
            '"' | '\'' => Token::Text,
            c if c.is_ascii_alphabetic() || c == '_' => Token::Word(token),
            _ => Token::Sign(token),
        });
        rest = after.trim_start();
    }
    Some(found)
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(found);
        found
    }

    fn operator(&mut self, level: &[&'static str]) -> Option<&'static str> {
        let found = match self.tokens.get(self.at)? {
            Token::Sign(sign) => level.iter().find(|op| *op == sign),
            Token::Word(word) => level.iter().find(|op| op.eq_ignore_ascii_case(word)),
            _ => None,
        }?;
        self.at += 1;
        Some(found)
    }

    fn level(&mut self, n: usize) -> Option<Math> {
        let Some(operators) = LEVELS.get(n) else { return self.operand() };
        let mut left = self.level(n + 1)?;
        while let Some(op) = self.operator(operators) {
            left = Math::Binary(op, Box::new(left), Box::new(self.level(n + 1)?));
        }
        Some(left)
    }

    fn operand(&mut self) -> Option<Math> {
        self.depth += 1;
        let math = if self.depth > DEEPEST { None } else { self.inner() };
        self.depth -= 1;
        math
    }

    fn inner(&mut self) -> Option<Math> {
        if self.take("-") {
            return Some(Math::Binary("-", Box::new(Math::Number(0.0)), Box::new(self.operand()?)));
        }
        if self.take("(") {
            let math = self.level(0)?;
            return self.take(")").then_some(math);
        }
        if self.take("[") {
            return self.list("]").map(Math::List);
        }
        let token: &'a Token<'a> = self.tokens.get(self.at)?;
        self.at += 1;
        match token {
            Token::Number(n) => Some(Math::Number(*n)),
            Token::Text => Some(Math::Text),
            Token::Word(word) if self.take("(") => Some(Math::Call(word.to_ascii_uppercase(), self.list(")")?)),
            Token::Word(word) => Some(Math::Id((*word).to_owned())),
            Token::Sign(_) => None,
        }
    }

    fn list(&mut self, end: &str) -> Option<Vec<Math>> {
        let mut parts = Vec::new();
        if self.take(end) {
            return Some(parts);
        }
        loop {
            parts.push(self.level(0)?);
            if self.take(end) {
                return Some(parts);
            }
            if !self.take(",") {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bare(text: &str) -> usize {
        parse(text).unwrap_or_else(|| panic!("{text}")).bare_denominators(&|id| id == "safe").len()
    }

    #[test]
    fn a_division_is_guarded_by_a_decision_a_filler_or_something_that_is_never_zero() {
        for (text, expected) in [
            ("(e1/m3)*100", 1),
            ("m1/60", 0),
            ("m1 / PERIOD(m1)", 0),
            ("IF(m3 > 0, e1/m3*100, 0)", 0),
            ("IF(m2 > 0, e1/m3*100, 0)", 1),
            ("100*(m1/MAX([m3,1]))", 0),
            ("m1/MAX([m3, 0])", 1),
            ("FILL(m1/m3, 0)", 0),
            ("m1/FILL(m3, 1)", 0),
            ("m1/FILL(m3, 0)", 1),
            ("m1/(m3+1)", 0),
            ("m1/safe", 0),
            ("IF(m3 == 0 OR m4 < 2, 0, m1/m3)", 0),
            ("m1/m2/m3", 2),
            ("SUM(METRICS())/SUM([m1,m2])", 1),
            ("ANOMALY_DETECTION_BAND(m1, 2)", 0),
            ("-m1/2", 0),
        ] {
            assert_eq!(bare(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_not_understood() {
        for text in ["", "m1 +", "(m1", "m1 $ m2", "IF(m1", "SELECT AVG(x) FROM y", "'open"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"(".repeat(10_000)), None, "no end to it");
    }

    #[test]
    fn another_expression_may_shield_a_division() {
        let shields = |text: &str| parse(text).unwrap().shields("e2");
        assert!(shields("FILL(e2, 0)") && shields("IF(m3 > 0, e2, 0)"));
        assert!(!shields("e2 * 100") && !shields("IF(e2 > 0, 1, 0)"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([mIF0-9+*/(),\\[\\]<> \"'-]|ä){0,60}") {
            let _ = parse(&text);
        }
    }
}
