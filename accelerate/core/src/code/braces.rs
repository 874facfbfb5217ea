//! Definitions of languages with braces: the heads of statements before `{` and `;`.

use super::tokens::{Kind, Token, tokens};
use super::{DEEPEST, Language, Symbol, qualified};

/// Words that are followed by parentheses and define nothing.
const CONTROL: [&str; 14] = [
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "return",
    "else",
    "do",
    "try",
    "new",
    "throw",
    "super",
    "synchronized",
    "with",
];
/// Words that go on with the statement of the line before.
const GOES_ON: [&str; 4] = ["extends", "implements", "throws", "where"];

/// Return types, functions and methods, with the comments right above them.
pub fn symbols(text: &str, language: Language) -> Vec<Symbol> {
    let tokens = tokens(text, language);
    let mut parser = Parser { text, language, matches: matches(text, &tokens), tokens, found: Vec::new() };
    parser.block(0, parser.tokens.len(), None, 0);
    let lines: Vec<&str> = text.split('\n').collect();
    for symbol in &mut parser.found {
        while symbol.first > 1 && is_comment(lines[symbol.first - 2]) {
            symbol.first -= 1;
        }
    }
    parser.found
}

fn is_comment(line: &str) -> bool {
    let bare = line.trim_matches([' ', '\t', '\r']);
    ["//", "/*", "*/", "* "].iter().any(|mark| bare.starts_with(mark)) || bare == "*"
}

/// Return the place of the closing brace for every opening one; the end for one that is never closed.
fn matches(text: &str, tokens: &[Token]) -> Vec<usize> {
    let mut found = vec![tokens.len(); tokens.len()];
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Mark) {
        match text.as_bytes()[token.start] {
            b'{' => open.push(at),
            b'}' => {
                if let Some(start) = open.pop() {
                    found[start] = at;
                }
            }
            _ => {}
        }
    }
    found
}

/// A definition that a head says: its kind, its name, and whether its body defines more.
struct Head<'a> {
    kind: &'static str,
    name: &'a str,
    outer: Option<&'a str>,
    holds: bool,
}

struct Parser<'a> {
    text: &'a str,
    language: Language,
    tokens: Vec<Token>,
    matches: Vec<usize>,
    found: Vec<Symbol>,
}

impl<'a> Parser<'a> {
    fn word(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| &self.text[token.start..token.end])
    }

    fn line(&self, at: usize) -> usize {
        self.tokens[at.min(self.tokens.len() - 1)].line
    }

    /// Find the definitions among the statements from `at` up to `end`.
    fn block(&mut self, mut at: usize, end: usize, outer: Option<&str>, nested: usize) {
        let (mut start, mut depth) = (at, 0_usize);
        while at < end {
            if depth == 0 && at > start && self.begins_anew(at) {
                start = at;
            }
            match self.word(at) {
                "(" | "[" if self.tokens[at].kind == Kind::Mark => depth += 1,
                ")" | "]" if self.tokens[at].kind == Kind::Mark => depth = depth.saturating_sub(1),
                "{" if self.tokens[at].kind == Kind::Mark => {
                    let close = self.matches[at].min(end);
                    let head = if depth == 0 { self.head(start, at, outer) } else { None };
                    let ends = head.is_some();
                    if let Some(head) = head {
                        self.define(&head, start, (at, close), outer, nested);
                    }
                    at = close;
                    let follows = self.word(at + 1);
                    if ends || (depth == 0 && at + 1 < end && self.line(at + 1) > self.line(at) && follows != ";") {
                        (start, depth) = (at + 1, 0);
                    }
                }
                ";" if depth == 0 => {
                    if let Some(head) = self.head(start, at, outer).filter(|head| self.needs_no_body(head)) {
                        self.define(&head, start, (at, at), outer, nested);
                    }
                    start = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn define(
        &mut self,
        head: &Head<'a>,
        start: usize,
        (open, close): (usize, usize),
        outer: Option<&str>,
        nested: usize,
    ) {
        let name = match head.outer {
            Some(receiver) => qualified(Some(receiver), head.name),
            None => qualified(outer, head.name),
        };
        let (first, last) = (self.line(start), self.line(close));
        self.found.push(Symbol { name: name.clone(), kind: head.kind, first, last });
        if head.holds && close > open && nested < DEEPEST {
            self.block(open + 1, close, Some(&name), nested + 1);
        }
    }

    /// Whether a statement begins at `at` because a line does, in the languages where lines end statements.
    fn begins_anew(&self, at: usize) -> bool {
        let is_by_lines = matches!(self.language, Language::JavaScript | Language::Go);
        if !is_by_lines || self.line(at) == self.line(at - 1) || self.tokens[at].kind != Kind::Word {
            return false;
        }
        let before = self.word(at - 1);
        let goes_on = self.tokens[at - 1].kind == Kind::Mark && !matches!(before, ")" | "]" | "}" | ";");
        !goes_on && !GOES_ON.contains(&self.word(at))
    }

    fn needs_no_body(&self, head: &Head<'_>) -> bool {
        match self.language {
            Language::Rust => head.kind != "impl" && head.kind != "module",
            Language::Java => head.kind == "method",
            Language::JavaScript => head.kind == "type",
            _ => false,
        }
    }

    fn head(&self, start: usize, end: usize, outer: Option<&str>) -> Option<Head<'a>> {
        let at = self.after_marks(start, end);
        match self.language {
            Language::Rust => self.rust(at, end, outer.is_some()),
            Language::Go => self.go(at, end),
            Language::Java => self.java(at, end, outer.is_some()),
            _ => self.javascript(at, end, outer.is_some()),
        }
    }

    /// Skip attributes (`#[…]`) and annotations (`@name(…)`).
    fn after_marks(&self, mut at: usize, end: usize) -> usize {
        while at < end {
            match self.word(at) {
                "#" => at = self.after_group(at + 1 + usize::from(self.word(at + 1) == "!"), end),
                "@" if self.word(at + 1) != "interface" => {
                    at += 2;
                    while self.word(at) == "." {
                        at += 2;
                    }
                    if self.word(at) == "(" {
                        at = self.after_group(at, end);
                    }
                }
                _ => break,
            }
        }
        at.min(end)
    }

    /// Return what comes after the parentheses or brackets that open at `at`.
    fn after_group(&self, mut at: usize, end: usize) -> usize {
        let mut depth = 0_usize;
        while at < end {
            match self.word(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            at += 1;
            if depth == 0 {
                break;
            }
        }
        at
    }

    /// Return the first place from `at` where one of these words is, outside of parentheses and brackets.
    fn find(&self, mut at: usize, end: usize, words: &[&str]) -> Option<usize> {
        while at < end {
            if words.contains(&self.word(at)) {
                return Some(at);
            }
            at = if matches!(self.word(at), "(" | "[") { self.after_group(at, end) } else { at + 1 };
        }
        None
    }

    fn named(&self, kind: &'static str, at: usize, end: usize, holds: bool) -> Option<Head<'a>> {
        let is_name = at < end && self.tokens[at].kind == Kind::Word;
        is_name.then(|| Head { kind, name: self.word(at), outer: None, holds })
    }

    fn rust(&self, at: usize, end: usize, inside: bool) -> Option<Head<'a>> {
        const KEYWORDS: [&str; 9] = ["fn", "struct", "enum", "union", "trait", "mod", "type", "impl", "macro_rules"];
        let at = self.find(at, end, &KEYWORDS)?;
        match self.word(at) {
            "fn" => self.named(if inside { "method" } else { "function" }, at + 1, end, false),
            "struct" | "union" => self.named("struct", at + 1, end, false),
            "enum" => self.named("enum", at + 1, end, false),
            "trait" => self.named("trait", at + 1, end, true),
            "mod" => self.named("module", at + 1, end, true),
            "type" => self.named("type", at + 1, end, false),
            "macro_rules" => self.named("macro", at + 2, end, false),
            _ => self.implementation(at + 1, end),
        }
    }

    fn implementation(&self, mut at: usize, end: usize) -> Option<Head<'a>> {
        let (mut depth, mut name) = (0_usize, None);
        while at < end {
            match self.word(at) {
                "<" => depth += 1,
                ">" if self.word(at - 1) != "-" => depth = depth.saturating_sub(1),
                "where" if depth == 0 => break,
                "for" if depth == 0 => name = None,
                "dyn" | "mut" | "const" => {}
                _ if depth == 0 && self.tokens[at].kind == Kind::Word => name = Some(at),
                _ => {}
            }
            at += 1;
        }
        self.named("impl", name?, end, true)
    }

    fn go(&self, at: usize, end: usize) -> Option<Head<'a>> {
        match self.word(at) {
            "func" if self.word(at + 1) == "(" => {
                let after = self.after_group(at + 1, end);
                let words: Vec<usize> = (at + 2..after).filter(|&at| self.tokens[at].kind == Kind::Word).collect();
                let receiver = words.get(1).or(words.first()).map(|&at| self.word(at));
                self.named("method", after, end, false).map(|head| Head { outer: receiver, ..head })
            }
            "func" => self.named("function", at + 1, end, false),
            "type" => {
                let kind = match self.find(at + 2, end, &["struct", "interface"]).map(|at| self.word(at)) {
                    Some("struct") => "struct",
                    Some("interface") => "interface",
                    _ => "type",
                };
                self.named(kind, at + 1, end, false)
            }
            _ => None,
        }
    }

    fn java(&self, at: usize, end: usize, inside: bool) -> Option<Head<'a>> {
        if let Some(at) = self.find(at, end, &["class", "interface", "enum", "record"])
            && self.tokens.get(at + 1).is_some_and(|token| token.kind == Kind::Word)
        {
            let kind = match self.word(at) {
                "class" | "record" => "class",
                "enum" => "enum",
                _ => "interface",
            };
            return self.named(kind, at + 1, end, true);
        }
        if inside { self.called(at, end) } else { None }
    }

    /// A head of the form `… name(…) …` without an assignment.
    fn called(&self, at: usize, end: usize) -> Option<Head<'a>> {
        let open = self.find(at, end, &["(", "="])?;
        if open == at || self.word(open) == "=" || CONTROL.contains(&self.word(open - 1)) {
            return None;
        }
        self.named("method", open - 1, end, false)
    }

    fn javascript(&self, at: usize, end: usize, inside: bool) -> Option<Head<'a>> {
        const KEYWORDS: [&str; 10] =
            ["function", "class", "interface", "enum", "namespace", "type", "const", "let", "var", "="];
        if let Some(at) = self.find(at, end, &KEYWORDS) {
            let star = usize::from(self.word(at + 1) == "*");
            match self.word(at) {
                "function" => return self.named("function", at + 1 + star, end, false),
                "class" => return self.named("class", at + 1, end, true),
                "interface" => return self.named("interface", at + 1, end, false),
                "enum" => return self.named("enum", at + 1, end, false),
                "namespace" => return self.named("module", at + 1, end, true),
                "type" if self.tokens.get(at + 1).is_some_and(|token| token.kind == Kind::Word) => {
                    return self.named("type", at + 1, end, false);
                }
                "const" | "let" | "var" => return self.assigned(at + 1, end, "function"),
                "=" if inside && at > 0 => return self.assigned(at - 1, end, "method"),
                _ => {}
            }
        }
        if inside { self.called(at, end) } else { None }
    }

    /// `name = … => {` and `name = function … {`; a class that is given a name counts as that.
    fn assigned(&self, at: usize, end: usize, kind: &'static str) -> Option<Head<'a>> {
        let makes = |at: usize| self.word(at) == "function" || (self.word(at) == "=" && self.word(at + 1) == ">");
        let equals = self.find(at, end, &["="])?;
        if self.find(equals + 1, end, &["class"]).is_some() {
            return self.named("class", at, end, true);
        }
        if (equals + 1..end).any(makes) { self.named(kind, at, end, false) } else { None }
    }
}
