//! Any text is taken apart into terms, definitions and chunks without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use victor_core::code::{Language, chunks};
use victor_core::text::terms;

const LANGUAGES: [&str; 8] = ["py", "ts", "rs", "go", "java", "sql", "md", "txt"];

fuzz_target!(|text: &str| {
    let _ = terms(text);
    for language in LANGUAGES {
        let _ = chunks(text, Language::named(language));
    }
});
