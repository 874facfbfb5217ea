//! From text to terms: words, their parts, their stems, and a dictionary so that each form is worked out once.
//!
//! The rules (the Python twin in `victor_nb/retrieval/core/twin/words.py` states the same ones):
//! 1. A *word* is a run of ASCII letters, digits and `_`, and of characters beyond ASCII that separate nothing.
//! 2. An identifier gives its parts (camelCase, snake_case, digits) and, if there are several, itself as well,
//!    without underscores. Dots separate words.
//! 3. Scripts without spaces (Han, kana, Hangul) give pairs of neighbouring characters.
//! 4. Parts of ASCII letters are stemmed (Snowball English). Case is folded below U+0590 and in U+1E00–U+1FFF, where
//!    every Unicode version agrees.
//! 5. A word of more than 64 characters is noise (a hash, an encoded file): its first 64 characters are one term.

use std::cell::RefCell;

use hashbrown::HashMap;

mod dictionary;
mod forms;
mod parts;
mod scan;
mod unicode;

pub use dictionary::{Dictionary, hash_term, spread};
pub use forms::{Forms, hash_bytes};
pub use parts::{parts_of_word, terms_of_word};
use parts::{stem, unstemmed};
pub use scan::words;

/// Words that are remembered with their terms.
const MOST_WORDS: usize = 100_000;

/// The terms of the words seen so far, in whatever shape their user wants them.
pub struct Remembered<T> {
    known: HashMap<Box<str>, Vec<T>>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { known: HashMap::new() }
    }
}

impl<T> Remembered<T> {
    /// Give the terms of each word of a text in order; `make` brings those of a new word into shape.
    pub fn each(&mut self, text: &str, mut make: impl FnMut(&str) -> T, mut give: impl FnMut(&[T])) {
        if self.known.len() > MOST_WORDS {
            self.known.clear();
        }
        for word in words(text) {
            match self.known.get(word) {
                Some(terms) => give(terms),
                None => {
                    let mut terms = Vec::new();
                    terms_of_word(word, &mut |term| terms.push(make(term)));
                    give(&terms);
                    self.known.insert(word.into(), terms);
                }
            }
        }
    }
}

thread_local! {
    static KNOWN: RefCell<Remembered<String>> = RefCell::default();
}

/// Return the terms of a text in order, as strings.
#[must_use]
pub fn terms(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    KNOWN.with_borrow_mut(|known| known.each(text, str::to_owned, |terms| found.extend_from_slice(terms)));
    found
}
