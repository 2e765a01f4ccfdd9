//! Any bytes as a template file, a parameter file and a file found in a directory.

#![no_main]

use driftline_fuzz::properties;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        properties::reading(text);
    }
});
