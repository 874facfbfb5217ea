//! Words of a text: one pass over its bytes.

use super::unicode;

/// 1 for the ASCII bytes of a word, 0 for those between words, 2 for what needs a look at the character.
const CLASS: [u8; 256] = {
    let mut table = [0_u8; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        table[byte] = if value.is_ascii_alphanumeric() || value == b'_' { 1 } else { (value >= 0x80) as u8 * 2 };
        byte += 1;
    }
    table
};

/// Iterate over the words of a text; see the rules in the module above.
#[must_use]
pub fn words(text: &str) -> Words<'_> {
    Words { text, at: 0 }
}

pub struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let start = loop {
            match CLASS[usize::from(*bytes.get(self.at)?)] {
                0 => self.at += 1,
                1 => break self.at,
                _ => match self.letter() {
                    (length, false) => self.at += length,
                    _ => break self.at,
                },
            }
        };
        while let Some(&byte) = bytes.get(self.at) {
            match CLASS[usize::from(byte)] {
                1 => self.at += 1,
                0 => break,
                _ => match self.letter() {
                    (length, true) => self.at += length,
                    _ => break,
                },
            }
        }
        Some(&self.text[start..self.at])
    }
}

impl Words<'_> {
    /// Return the length in bytes of the character beyond ASCII that starts here, and whether it is part of a word.
    fn letter(&self) -> (usize, bool) {
        let letter = self.text[self.at..].chars().next().expect("a class of 2 starts a character");
        (letter.len_utf8(), !unicode::is_separator(letter))
    }
}
