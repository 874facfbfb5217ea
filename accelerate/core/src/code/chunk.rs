//! Chunks of whole lines: definitions stay whole where they fit, small neighbours go together.

use std::ops::Range;

use super::markdown::Lines;
use super::{DEEPEST, Language, Symbol, symbols};

/// Characters that a chunk may have; only a single longer line passes this.
pub const MOST: usize = 1_600;
/// Characters below which a chunk takes its neighbour in.
pub const LEAST: usize = 400;

/// First and last line, from 1, its bytes without the last line's end, and the names of what begins there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub first: usize,
    pub last: usize,
    pub bytes: Range<usize>,
    pub names: Vec<String>,
}

/// Cut a text into chunks; lines that are blank at an end of a chunk are in none.
#[must_use]
pub fn chunks(text: &str, language: Language) -> Vec<Chunk> {
    let symbols = symbols(text, language);
    let page = Page::of(text);
    let mut pieces = Vec::new();
    page.cut((1, page.lines.len()), &symbols, 0, &mut pieces);
    page.joined(&pieces).into_iter().filter_map(|(first, last)| page.chunk(first, last, &symbols)).collect()
}

struct Page {
    /// The bytes of each line without its end.
    lines: Vec<Range<usize>>,
    /// `ends[n]`: characters up to the end of line n.
    ends: Vec<usize>,
    blank: Vec<bool>,
}

impl Page {
    fn of(text: &str) -> Self {
        let mut page = Self { lines: Vec::new(), ends: vec![0], blank: Vec::new() };
        let (is_ascii, mut start, mut end) = (text.is_ascii(), 0, 0);
        for line in text.lines_by_newline() {
            end += 1 + if is_ascii { line.len() } else { line.chars().count() };
            page.ends.push(end);
            page.blank.push(line.bytes().all(|byte| byte.is_ascii_whitespace()));
            page.lines.push(start..start + line.len());
            start += line.len() + 1;
        }
        page
    }

    fn size(&self, first: usize, last: usize) -> usize {
        self.ends[last] - self.ends[first - 1]
    }

    /// Cut the lines from `first` to `last` at the outermost of these symbols, and those again where they are too long.
    fn cut(&self, (first, last): (usize, usize), symbols: &[Symbol], nested: usize, pieces: &mut Vec<(usize, usize)>) {
        if first > last {
            return;
        }
        if self.size(first, last) <= MOST {
            return pieces.push((first, last));
        }
        let (mut next, mut at) = (first, 0);
        while at < symbols.len() && nested < DEEPEST {
            let symbol = &symbols[at];
            let inner = at + 1 + symbols[at + 1..].iter().take_while(|other| other.first <= symbol.last).count();
            let (start, end) = (symbol.first.max(next), symbol.last.min(last));
            if start <= end {
                self.cut_plain(next, start - 1, pieces);
                self.cut((start, end), &symbols[at + 1..inner], nested + 1, pieces);
                next = end + 1;
            }
            at = inner;
        }
        self.cut_plain(next, last, pieces);
    }

    /// Cut lines without definitions, at the last blank line that lets the piece fit, else anywhere.
    fn cut_plain(&self, mut first: usize, last: usize, pieces: &mut Vec<(usize, usize)>) {
        while first <= last {
            let mut end = first;
            while end < last && self.size(first, end + 1) <= MOST {
                end += 1;
            }
            if end < last {
                let middle = first + (end - first) / 2;
                end = (middle..=end).rev().find(|&line| self.blank[line - 1]).unwrap_or(end);
            }
            pieces.push((first, end));
            first = end + 1;
        }
    }

    /// Join neighbours while one of the two is small and both fit together.
    fn joined(&self, pieces: &[(usize, usize)]) -> Vec<(usize, usize)> {
        let mut joined: Vec<(usize, usize)> = Vec::new();
        for &(first, last) in pieces {
            match joined.last_mut() {
                Some(before)
                    if self.size(before.0, last) <= MOST
                        && (self.size(before.0, before.1) < LEAST || self.size(first, last) < LEAST) =>
                {
                    before.1 = last;
                }
                _ => joined.push((first, last)),
            }
        }
        joined
    }

    fn chunk(&self, first: usize, last: usize, symbols: &[Symbol]) -> Option<Chunk> {
        let start = (first..=last).find(|&line| !self.blank[line - 1])?;
        let end = (start..=last).rev().find(|&line| !self.blank[line - 1]).unwrap_or(start);
        let from = symbols.partition_point(|symbol| symbol.first < start);
        let to = symbols.partition_point(|symbol| symbol.first <= end);
        Some(Chunk {
            first: start,
            last: end,
            bytes: self.lines[start - 1].start..self.lines[end - 1].end,
            names: symbols[from..to].iter().map(|one| one.name.clone()).collect(),
        })
    }
}
