//! Statements of SQL that create something.

use super::{Symbol, is_name_byte};

const KINDS: [&str; 10] =
    ["table", "view", "function", "procedure", "index", "trigger", "type", "schema", "sequence", "macro"];

/// Return what the statements of a script create; each runs to its semicolon.
pub fn symbols(text: &str) -> Vec<Symbol> {
    let bytes = text.as_bytes();
    let (mut found, mut words): (Vec<Symbol>, Vec<&str>) = (Vec::new(), Vec::new());
    let (mut at, mut line, mut first) = (0, 1, None);
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'-' if bytes[at..].starts_with(b"--") => at = find(bytes, at, b"\n"),
            b'/' if bytes[at..].starts_with(b"/*") => at = after(bytes, at + 2, b"*/"),
            quote @ (b'\'' | b'"' | b'`') => {
                at = after(bytes, at + 1, &[quote]);
                if quote != b'\'' {
                    words.push(text[start + 1..at].trim_end_matches(char::from(quote)));
                }
                first.get_or_insert(line);
            }
            b'$' => match dollar(bytes, at) {
                Some(tag) => at = after(bytes, at + tag.len(), tag),
                None => at += 1,
            },
            b';' => {
                if let Some(created) = created(&words, first.unwrap_or(line), line) {
                    found.push(created);
                }
                words.clear();
                first = None;
                at += 1;
            }
            byte if is_name_byte(byte) => {
                while at < bytes.len() && (is_name_byte(bytes[at]) || bytes[at] == b'.') {
                    at += 1;
                }
                words.push(&text[start..at]);
                first.get_or_insert(line);
            }
            _ => at += 1,
        }
        line += bytes[start..at].iter().filter(|&&byte| byte == b'\n').count();
    }
    let last = line - usize::from(bytes.last() == Some(&b'\n'));
    found.extend(created(&words, first.unwrap_or(last), last));
    found
}

fn created(words: &[&str], first: usize, last: usize) -> Option<Symbol> {
    let lower = |word: &str| word.to_ascii_lowercase();
    if words.first().map(|word| lower(word)).as_deref() != Some("create") {
        return None;
    }
    let (place, kind) = words
        .iter()
        .take(8)
        .enumerate()
        .find_map(|(at, word)| KINDS.iter().find(|kind| **kind == lower(word)).map(|kind| (at, *kind)))?;
    let name = words[place + 1..].iter().find(|word| !["if", "not", "exists"].contains(&lower(word).as_str()))?;
    Some(Symbol { name: (*name).to_owned(), kind, first, last })
}

fn find(bytes: &[u8], at: usize, what: &[u8]) -> usize {
    bytes[at..].windows(what.len()).position(|window| window == what).map_or(bytes.len(), |length| at + length)
}

fn after(bytes: &[u8], at: usize, what: &[u8]) -> usize {
    (find(bytes, at, what) + what.len()).min(bytes.len())
}

/// Return the mark that opens a dollar-quoted string, if one is here.
fn dollar(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = bytes[at + 1..].iter().position(|&byte| !is_name_byte(byte))?;
    (bytes[at + 1 + length] == b'$').then(|| &bytes[at..at + length + 2])
}
