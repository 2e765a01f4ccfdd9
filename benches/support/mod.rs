//! What the benchmarks read.

pub(crate) mod hostile;

use std::fmt;

const HEAD: &str = include_str!("head.yaml");
/// Ten resources; `@N@` is their number.
const BLOCK: &str = include_str!("block.yaml");

/// A text with a name for the table of results.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A template of that many resources, rounded down to tens. `benches/template` writes the same.
pub(crate) fn template(resources: usize) -> String {
    let blocks = (0..resources / 10).map(|n| BLOCK.replace("@N@", &n.to_string()));
    std::iter::once(HEAD.to_owned()).chain(blocks).collect()
}
