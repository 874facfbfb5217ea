//! Tokens of languages with braces: words, marks and literals, without comments.

use super::{DEEPEST, Language, is_name_byte};

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Word,
    Mark,
    Text,
}

#[derive(Clone, Copy)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    pub line: usize,
}

/// Return the tokens of a text.
pub fn tokens(text: &str, language: Language) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut found: Vec<Token> = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let start = at;
        let byte = bytes[at];
        if byte == b'\n' {
            line += 1;
            at += 1;
            continue;
        }
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let kind = if is_name_byte(byte) {
            at += bytes[at..].iter().position(|&byte| !is_name_byte(byte)).unwrap_or(bytes.len() - at);
            Kind::Word
        } else if let Some(end) = comment(bytes, at, language) {
            line += newlines(&bytes[at..end]);
            at = end;
            continue;
        } else if let Some(end) = literal(bytes, at, language, &found) {
            at = end;
            Kind::Text
        } else {
            at += 1;
            Kind::Mark
        };
        let mut token = Token { kind, start, end: at, line };
        // Raw strings of Rust begin with a letter.
        if kind == Kind::Word
            && language == Language::Rust
            && matches!(&bytes[start..at], b"r" | b"br" | b"cr")
            && let Some(end) = raw(bytes, at)
        {
            at = end;
            token = Token { kind: Kind::Text, start, end, line };
        }
        line += newlines(&bytes[token.start..token.end]);
        found.push(token);
    }
    found
}

fn newlines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte == b'\n').count()
}

fn until(bytes: &[u8], at: usize, what: &[u8]) -> usize {
    bytes[at..].windows(what.len()).position(|window| window == what).map_or(bytes.len(), |length| at + length)
}

fn comment(bytes: &[u8], at: usize, language: Language) -> Option<usize> {
    if bytes[at..].starts_with(b"//") {
        return Some(until(bytes, at, b"\n"));
    }
    if !bytes[at..].starts_with(b"/*") {
        return None;
    }
    if language != Language::Rust {
        return Some((until(bytes, at + 2, b"*/") + 2).min(bytes.len()));
    }
    let (mut depth, mut place) = (1, at + 2);
    while depth > 0 && place < bytes.len() {
        match &bytes[place..(place + 2).min(bytes.len())] {
            b"/*" => (depth, place) = (depth + 1, place + 2),
            b"*/" => (depth, place) = (depth - 1, place + 2),
            _ => place += 1,
        }
    }
    Some(place.min(bytes.len()))
}

/// Return where the literal at `at` has ended, if one is here.
fn literal(bytes: &[u8], at: usize, language: Language, before: &[Token]) -> Option<usize> {
    match (bytes[at], language) {
        (b'"', Language::Java) if bytes[at..].starts_with(b"\"\"\"") => {
            Some((until(bytes, at + 3, b"\"\"\"") + 3).min(bytes.len()))
        }
        (b'"', Language::Rust) => Some(quoted(bytes, at, true)),
        (b'"', _) => Some(quoted(bytes, at, false)),
        (b'\'', Language::JavaScript) => Some(quoted(bytes, at, false)),
        (b'\'', Language::Rust) => character(bytes, at),
        (b'\'', _) => Some(quoted(bytes, at, false)),
        (b'`', Language::Go) => Some((until(bytes, at + 1, b"`") + 1).min(bytes.len())),
        (b'`', Language::JavaScript) => Some(template(bytes, at, 0)),
        (b'/', Language::JavaScript) if may_be_regex(bytes, before) => regex(bytes, at),
        _ => None,
    }
}

/// The end of a quoted text; one that may not have several lines ends with its line.
fn quoted(bytes: &[u8], at: usize, several: bool) -> usize {
    let quote = bytes[at];
    let mut place = at + 1;
    while place < bytes.len() {
        match bytes[place] {
            b'\\' => place += 1,
            b'\n' if !several => return place,
            byte if byte == quote => return place + 1,
            _ => {}
        }
        place += 1;
    }
    bytes.len()
}

/// A character of Rust; a lifetime is none.
fn character(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at + 1) == Some(&b'\\') {
        return Some(quoted(bytes, at, false));
    }
    let close = bytes[at + 1..].iter().take(6).position(|&byte| byte == b'\'')?;
    let inside = &bytes[at + 1..at + 1 + close];
    let is_one = inside.len() == 1 || inside.first().is_some_and(|&byte| byte >= 0x80);
    is_one.then_some(at + close + 2)
}

/// `#`s, a quote, and all up to the quote with as many `#`s.
fn raw(bytes: &[u8], at: usize) -> Option<usize> {
    let marks = bytes[at..].iter().take_while(|&&byte| byte == b'#').count();
    if bytes.get(at + marks) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(marks + 1, b'#');
    Some((until(bytes, at + marks + 1, &close) + close.len()).min(bytes.len()))
}

/// A template; braces inside of `${…}` are counted, strings in there are not looked at.
fn template(bytes: &[u8], at: usize, nested: usize) -> usize {
    let (mut place, mut depth) = (at + 1, 0_usize);
    while place < bytes.len() {
        match bytes[place] {
            b'\\' => place += 1,
            b'$' if depth == 0 && bytes.get(place + 1) == Some(&b'{') => (place, depth) = (place + 1, 1),
            b'{' if depth > 0 => depth += 1,
            b'}' if depth > 0 => depth -= 1,
            b'`' if depth == 0 || nested == DEEPEST => return place + 1,
            b'`' => place = template(bytes, place, nested + 1) - 1,
            _ => {}
        }
        place += 1;
    }
    bytes.len()
}

fn may_be_regex(bytes: &[u8], before: &[Token]) -> bool {
    before.last().is_none_or(|token| match token.kind {
        Kind::Mark => !matches!(bytes[token.start], b')' | b']' | b'}'),
        Kind::Word => matches!(&bytes[token.start..token.end], b"return" | b"typeof" | b"case" | b"in" | b"of"),
        Kind::Text => false,
    })
}

fn regex(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut place, mut inside) = (at + 1, false);
    while place < bytes.len() {
        match bytes[place] {
            b'\n' => return None,
            b'\\' => place += 1,
            b'[' => inside = true,
            b']' => inside = false,
            b'/' if !inside => return Some(place + 1),
            _ => {}
        }
        place += 1;
    }
    None
}
