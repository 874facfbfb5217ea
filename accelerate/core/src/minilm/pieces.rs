//! Pieces of words, as the model's own tokenizer gives them.
//!
//! 1. Words are runs of letters and digits; every other letter that is no space is a word of its own.
//! 2. Only ASCII is taken apart and brought to small letters here. Of everything beyond it, Unicode tables of another
//!    version would say something else than Python's: who calls puts spaces around such words and brings them to the
//!    form that the vocabulary has.

use hashbrown::HashMap;

use crate::{Error, Result};

/// Letters of the longest word that is spelled.
const LONGEST_WORD: usize = 100;

/// The pieces that begin a word, those that go on, and the numbers of three that are no words.
pub struct Vocabulary {
    first: HashMap<Box<str>, u32>,
    later: HashMap<Box<str>, u32>,
    unknown: u32,
    start: u32,
    end: u32,
}

impl Vocabulary {
    /// Read the pieces, one a line, `##` before one that goes on, of which the weights have `rows`.
    ///
    /// # Errors
    /// `Corrupt` if one of the three is missing, or if there are more pieces than rows.
    pub fn parse(lines: &str, rows: usize) -> Result<Self> {
        let (mut first, mut later) = (HashMap::with_capacity(rows.min(lines.len())), HashMap::new());
        for (number, piece) in lines.lines().enumerate() {
            if number >= rows {
                return Err(Error::corrupt("the vocabulary has more pieces than the weights"));
            }
            match piece.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => later.insert(rest.into(), number as u32),
                _ => first.insert(Box::<str>::from(piece), number as u32),
            };
        }
        let known = |name: &str| {
            first.get(name).copied().ok_or_else(|| Error::corrupt(format!("the vocabulary has no piece {name}")))
        };
        let (unknown, start, end) = (known("[UNK]")?, known("[CLS]")?, known("[SEP]")?);
        Ok(Self { first, later, unknown, start, end })
    }

    /// Return the numbers of a text's pieces, framed; at most `longest`, two or more.
    #[must_use]
    pub fn pieces(&self, text: &str, longest: usize) -> Vec<u32> {
        let mut found = vec![self.start];
        let plain = text.to_ascii_lowercase();
        for word in words(&plain) {
            if found.len() >= longest {
                break;
            }
            self.spell(word, &mut found);
        }
        found.truncate(longest - 1);
        found.push(self.end);
        found
    }

    fn spell(&self, word: &str, found: &mut Vec<u32>) {
        let (before, mut start) = (found.len(), 0);
        if word.chars().nth(LONGEST_WORD).is_some() {
            return found.push(self.unknown);
        }
        while start < word.len() {
            let table = if start == 0 { &self.first } else { &self.later };
            let ends = word[start..].char_indices().map(|(at, letter)| start + at + letter.len_utf8());
            let longest = ends.rev().find_map(|end| table.get(&word[start..end]).map(|&piece| (end, piece)));
            let Some((end, piece)) = longest else {
                found.truncate(before);
                return found.push(self.unknown);
            };
            found.push(piece);
            start = end;
        }
    }
}

/// Take a text apart at ASCII's spaces and around its punctuation and control characters.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_space = |letter: char| matches!(letter, '\t'..='\r' | '\x1C'..=' ');
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || !letter.is_ascii();
    text.split(is_space).flat_map(move |run| {
        let mut rest = run;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let end = if is_word(first) { rest.find(|letter| !is_word(letter)) } else { Some(first.len_utf8()) };
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            rest = after;
            Some(word)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nun\n##know\n##n\n_\n.\n#\nö\n##";

    fn spelled(text: &str, longest: usize) -> Vec<u32> {
        Vocabulary::parse(LINES, 20).expect("a vocabulary").pieces(text, longest)
    }

    #[test]
    fn words_are_spelled_with_the_longest_pieces_or_not_at_all() {
        assert_eq!(spelled("UNknown.un_ ö#\u{1}\u{1C}unx", 20), [2, 4, 5, 6, 8, 4, 7, 10, 9, 1, 1, 3]);
        assert_eq!(spelled(&"un".repeat(51), 20), [2, 1, 3]);
        assert_eq!(spelled(" \n", 20), [2, 3]);
    }

    #[test]
    fn the_last_piece_is_the_end_however_long_the_text_is() {
        assert_eq!(spelled("unknown un un", 4), [2, 4, 5, 3]);
        assert_eq!(spelled("un", 2), [2, 3]);
    }

    #[test]
    fn a_vocabulary_that_cannot_be_used_is_refused() {
        assert!(Vocabulary::parse("[UNK]\n[CLS]", 9).is_err());
        assert!(Vocabulary::parse(LINES, 4).is_err());
    }
}
