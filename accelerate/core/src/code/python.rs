//! Definitions of Python code: by indentation, where strings and brackets allow it.

use memchr::{memchr, memchr3};

use super::{Symbol, name_at, qualified};

struct Open {
    index: usize,
    indent: usize,
}

/// Return classes, functions and methods; decorators belong to what they decorate.
pub fn symbols(text: &str) -> Vec<Symbol> {
    let bytes = text.as_bytes();
    let (mut found, mut open): (Vec<Symbol>, Vec<Open>) = (Vec::new(), Vec::new());
    let (mut at, mut line, mut last_code) = (0, 1, 0);
    let mut decorated: Option<usize> = None;
    while at < bytes.len() {
        let (indent, start) = indentation(bytes, at);
        if matches!(bytes.get(start), None | Some(b'\n' | b'\r' | b'#')) {
            at = next_line(bytes, start);
            line += 1;
            continue;
        }
        while open.last().is_some_and(|inner| inner.indent >= indent) {
            let inner = open.pop().expect("one was seen");
            found[inner.index].last = last_code;
        }
        let first = line;
        let (end, lines) = logical_line(bytes, start);
        if bytes[start] == b'@' {
            decorated.get_or_insert(first);
        } else {
            if let Some((name, is_class)) = definition(text, start) {
                let outer = open.last().map(|outer| &found[outer.index]);
                let kind = match (is_class, outer) {
                    (true, _) => "class",
                    (false, Some(outer)) if outer.kind == "class" => "method",
                    _ => "function",
                };
                let name = qualified(outer.map(|outer| outer.name.as_str()), name);
                found.push(Symbol { name, kind, first: decorated.unwrap_or(first), last: 0 });
                open.push(Open { index: found.len() - 1, indent });
            }
            decorated = None;
        }
        last_code = first + lines;
        line = last_code + 1;
        at = end;
    }
    for inner in open {
        found[inner.index].last = last_code;
    }
    found
}

fn indentation(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let mut indent = 0;
    loop {
        match bytes.get(at) {
            Some(b' ') => indent += 1,
            Some(b'\t') => indent = (indent / 8 + 1) * 8,
            Some(b'\x0c') => indent = 0,
            _ => return (indent, at),
        }
        at += 1;
    }
}

fn next_line(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length + 1)
}

/// Bytes that a statement cannot pass over.
const MATTERS: [bool; 256] = {
    let (mut table, mut at, marks) = ([false; 256], 0, b"\n()[]{}#\\\"'");
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
};

/// Return where the next line starts after the statement at `at`, and how many line ends are inside of it.
fn logical_line(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut depth, mut lines) = (0_usize, 0);
    while at < bytes.len() {
        if !MATTERS[usize::from(bytes[at])] {
            at += 1;
            continue;
        }
        match bytes[at] {
            b'\n' if depth == 0 => return (at + 1, lines),
            b'\n' => lines += 1,
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'#' => {
                at = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
                continue;
            }
            b'\\' => {
                if bytes.get(at + 1) == Some(&b'\r') {
                    at += 1;
                }
                lines += usize::from(bytes.get(at + 1) == Some(&b'\n'));
                at += 1;
            }
            quote @ (b'"' | b'\'') => {
                let (end, inside) = string(bytes, at, quote);
                lines += inside;
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    // The last line may have no end; a statement never counts a line after its own.
    let closing = bytes.last() == Some(&b'\n');
    (at, lines - usize::from(closing && lines > 0))
}

/// Return where the string at `at` has ended, and how many line ends are inside of it.
fn string(bytes: &[u8], at: usize, quote: u8) -> (usize, usize) {
    let triple = bytes[at..].starts_with(&[quote; 3]);
    let mut place = at + if triple { 3 } else { 1 };
    let mut lines = 0;
    while let Some(next) = memchr3(quote, b'\\', b'\n', bytes.get(place..).unwrap_or_default()) {
        place += next;
        match bytes[place] {
            b'\\' => {
                lines += usize::from(bytes.get(place + 1) == Some(&b'\n'));
                place += 1;
            }
            b'\n' if !triple => return (place, lines),
            b'\n' => lines += 1,
            byte if byte == quote && !triple => return (place + 1, lines),
            byte if byte == quote && bytes[place..].starts_with(&[quote; 3]) => return (place + 3, lines),
            _ => {}
        }
        place += 1;
    }
    (bytes.len(), lines)
}

fn definition(text: &str, at: usize) -> Option<(&str, bool)> {
    let mut at = at;
    let mut word = name_at(text, at);
    if word == "async" {
        at = spaces(text, at + word.len());
        word = name_at(text, at);
    }
    if word != "def" && word != "class" {
        return None;
    }
    let name = name_at(text, spaces(text, at + word.len()));
    (!name.is_empty()).then_some((name, word == "class"))
}

fn spaces(text: &str, at: usize) -> usize {
    let rest = &text.as_bytes()[at..];
    at + rest.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(rest.len())
}
