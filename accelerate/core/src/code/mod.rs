//! Code cut along its syntax: what a file defines, and chunks that keep definitions whole.
//!
//! 1. One pass over the characters that knows strings, comments and brackets, and no full grammar: it is right for code
//!    that compiles, about right for code that does not, and it never fails.
//! 2. Lines end with `\n` and are counted from 1; `victor_nb/retrieval/core/twin/code.py` finds the same.

mod braces;
mod chunk;
mod markdown;
mod python;
mod sql;
mod tokens;

pub use chunk::{Chunk, chunks};

/// Definitions deeper than this are not looked for: no person writes them, and a machine's must not exhaust the stack.
const DEEPEST: usize = 64;

/// What a language is written like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Python,
    JavaScript,
    Rust,
    Go,
    Java,
    Sql,
    Markdown,
    Text,
}

impl Language {
    /// Return the language of a name (`python`, `typescript`, …) or of the ending of a file; `Text` for all others.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "python" | "py" | "pyi" => Self::Python,
            "javascript" | "typescript" | "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" => Self::JavaScript,
            "rust" | "rs" => Self::Rust,
            "go" => Self::Go,
            "java" => Self::Java,
            "sql" => Self::Sql,
            "markdown" | "md" => Self::Markdown,
            _ => Self::Text,
        }
    }
}

/// A definition: its name with those around it (`Class.method`), its kind, and its first and last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub kind: &'static str,
    pub first: usize,
    pub last: usize,
}

/// Return what a text defines, in the order of first lines, outer ones before inner ones.
#[must_use]
pub fn symbols(text: &str, language: Language) -> Vec<Symbol> {
    match language {
        Language::Python => python::symbols(text),
        Language::Sql => sql::symbols(text),
        Language::Markdown => markdown::symbols(text),
        Language::Text => Vec::new(),
        _ => braces::symbols(text, language),
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Return the name that starts at `at`, which may be empty.
fn name_at(text: &str, at: usize) -> &str {
    let rest = &text.as_bytes()[at..];
    let length = rest.iter().position(|&byte| !is_name_byte(byte)).unwrap_or(rest.len());
    &text[at..at + length]
}

/// Join the name of what is around and a name.
fn qualified(outer: Option<&str>, name: &str) -> String {
    outer.map_or_else(|| name.to_owned(), |outer| format!("{outer}.{name}"))
}
