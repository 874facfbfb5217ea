//! Chunks of whole lines: definitions stay whole where they fit, small neighbours go together.

use super::markdown::Lines;
use super::{DEEPEST, Language, Symbol, symbols};

/// Characters that a chunk may have; only a single longer line passes this.
pub const MOST: usize = 1_600;
/// Characters below which a chunk takes its neighbour in.
pub const LEAST: usize = 400;

/// First and last line, from 1, and the names of what begins there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub first: usize,
    pub last: usize,
    pub names: Vec<String>,
}

/// Cut a text into chunks; lines that are blank at an end of a chunk are in none.
#[must_use]
pub fn chunks(text: &str, language: Language) -> Vec<Chunk> {
    let symbols = symbols(text, language);
    let lines: Vec<&str> = text.lines_by_newline().collect();
    let mut ends = vec![0];
    ends.extend(lines.iter().scan(0, |sum, line| {
        *sum += line.chars().count() + 1;
        Some(*sum)
    }));
    let blank: Vec<bool> = lines.iter().map(|line| line.bytes().all(|byte| byte.is_ascii_whitespace())).collect();
    let page = Page { ends, blank };
    let mut pieces = Vec::new();
    page.cut((1, lines.len()), &symbols, 0, &mut pieces);
    page.joined(&pieces).into_iter().filter_map(|(first, last)| page.chunk(first, last, &symbols)).collect()
}

struct Page {
    /// `ends[n]`: characters up to the end of line n.
    ends: Vec<usize>,
    blank: Vec<bool>,
}

impl Page {
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
        Some(Chunk { first: start, last: end, names: symbols[from..to].iter().map(|one| one.name.clone()).collect() })
    }
}
