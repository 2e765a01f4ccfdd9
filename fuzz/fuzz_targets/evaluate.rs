//! A template together with the values of its parameters: `NAME=VALUE` lines before the first `---`.

#![no_main]

use driftline_fuzz::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let (values, template) = text.split_once("---\n").unwrap_or(("", text));
        let given = values.lines().filter_map(|line| line.split_once('='));
        properties::evaluation(template, given);
    }
});
