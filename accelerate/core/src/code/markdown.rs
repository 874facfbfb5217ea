//! Sections of a Markdown text, by headings outside of fenced code.

use memchr::memchr_iter;

use super::{Symbol, qualified};

/// Return the sections; each runs to the next heading of its level or above.
pub fn symbols(text: &str) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = Vec::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut fence: Option<&str> = None;
    let mut count = 0;
    for (number, line) in text.lines_by_newline().enumerate() {
        count = number + 1;
        let bare = line.trim_start_matches(' ');
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| bare.starts_with(mark)) {
            fence = match fence {
                None => Some(mark),
                Some(same) if same == mark => None,
                other => other,
            };
            continue;
        }
        let level = line.bytes().take_while(|&byte| byte == b'#').count();
        if fence.is_some() || level == 0 || level > 6 || !line[level..].starts_with([' ', '\t']) {
            continue;
        }
        while open.last().is_some_and(|&(_, other)| other >= level) {
            let (index, _) = open.pop().expect("one was seen");
            found[index].last = number;
        }
        let title = line[level..].trim_matches([' ', '\t', '#', '\r']);
        let outer = open.last().map(|&(index, _)| found[index].name.clone());
        found.push(Symbol { name: qualified(outer.as_deref(), title), kind: "section", first: number + 1, last: 0 });
        open.push((found.len() - 1, level));
    }
    for (index, _) in open {
        found[index].last = count;
    }
    found
}

/// Lines without their ends; what follows the last `\n` is a line only if it is not empty.
pub trait Lines {
    fn lines_by_newline(&self) -> impl Iterator<Item = &str>;
}

impl Lines for str {
    fn lines_by_newline(&self) -> impl Iterator<Item = &str> {
        let (bytes, mut start) = (self.as_bytes(), 0);
        let inner = memchr_iter(b'\n', bytes).map(move |end| {
            let line = &self[start..end];
            start = end + 1;
            line
        });
        let last = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        inner.chain((last < self.len()).then(|| &self[last..]))
    }
}
