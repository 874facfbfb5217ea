//! From a word to its terms: parts, the whole, stems, and pairs of characters.

use std::borrow::Cow;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

use super::unicode::{is_unspaced, push_lower};

const LONGEST: usize = 64;

static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

/// Give each term of a word to `each`: the whole first if it has several parts, then the parts in order.
pub fn terms_of_word(word: &str, each: &mut impl FnMut(&str)) {
    unstemmed(word, &mut |term, is_stemmed| if is_stemmed { each(&stem(term)) } else { each(term) });
}

/// Return the stem of a part that `unstemmed` gave as one to be stemmed.
pub fn stem(part: &str) -> Cow<'_, str> {
    STEMMER.stem(part)
}

/// Do as `terms_of_word`, but say whether a term is still to be stemmed instead of doing so.
pub fn unstemmed(word: &str, each: &mut impl FnMut(&str, bool)) {
    if word.is_ascii() {
        return terms_of_identifier(word, each);
    }
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let unspaced = is_unspaced(first);
        let end = rest.find(|letter| is_unspaced(letter) != unspaced).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if unspaced {
            pairs(run, each)
        } else {
            terms_of_identifier(run, each)
        }
        rest = after;
    }
}

/// Give the parts of a word in lower case, as they are written otherwise; of scripts without spaces each character.
/// A word that is noise has none.
pub fn parts_of_word(word: &str, each: &mut impl FnMut(&str)) {
    if word.chars().nth(LONGEST).is_some() {
        return;
    }
    let mut lower = String::with_capacity(word.len() + 4);
    split(word, |part| {
        lower.clear();
        for letter in part.chars() {
            if is_unspaced(letter) {
                give(&mut lower, each);
                each(letter.encode_utf8(&mut [0; 4]));
            } else {
                push_lower(letter, &mut lower);
            }
        }
        give(&mut lower, each);
    });
}

fn give(lower: &mut String, each: &mut impl FnMut(&str)) {
    if !lower.is_empty() {
        each(lower);
        lower.clear();
    }
}

fn pairs(run: &str, each: &mut impl FnMut(&str, bool)) {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    if starts.len() == 2 {
        return each(run, false);
    }
    for window in starts.windows(3) {
        each(&run[window[0]..window[2]], false);
    }
}

fn terms_of_identifier(word: &str, each: &mut impl FnMut(&str, bool)) {
    let mut lower = String::with_capacity(word.len() + 4);
    if word.len() > LONGEST && word.chars().count() > LONGEST {
        word.chars().take(LONGEST).for_each(|letter| push_lower(letter, &mut lower));
        return each(&lower, false);
    }
    let mut several = false;
    let mut first = "";
    split(word, |part| {
        several |= !first.is_empty();
        first = if first.is_empty() { part } else { first };
    });
    if first.is_empty() {
        return;
    }
    if !several {
        return give_part(first, &mut lower, each);
    }
    word.chars().filter(|&letter| letter != '_').for_each(|letter| push_lower(letter, &mut lower));
    each(&lower, false);
    split(word, |part| give_part(part, &mut lower, each));
}

fn give_part(part: &str, lower: &mut String, each: &mut impl FnMut(&str, bool)) {
    lower.clear();
    if part.is_ascii() {
        lower.push_str(part);
        lower.make_ascii_lowercase();
    } else {
        part.chars().for_each(|letter| push_lower(letter, lower));
    }
    each(lower, lower.len() > 2 && lower.bytes().all(|byte| byte.is_ascii_lowercase()));
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Upper,
    Lower,
    Digit,
    Underscore,
    /// Beyond ASCII, where case is not asked for: it splits from digits only.
    Beyond,
}

fn kind(byte: u8) -> Kind {
    match byte {
        b'A'..=b'Z' => Kind::Upper,
        b'0'..=b'9' => Kind::Digit,
        b'_' => Kind::Underscore,
        b'a'..=b'z' => Kind::Lower,
        _ => Kind::Beyond,
    }
}

/// Give the parts of an identifier: split at `_`, at lower|Upper, at UPPER|Upperlower, and where digits begin or end.
fn split<'a>(word: &'a str, mut each: impl FnMut(&'a str)) {
    let bytes = word.as_bytes();
    let mut start = 0;
    for at in 0..bytes.len() {
        let here = kind(bytes[at]);
        if here == Kind::Underscore {
            if start < at {
                each(&word[start..at]);
            }
            start = at + 1;
        } else if at > start {
            let before = kind(bytes[at - 1]);
            let ends_acronym = before == Kind::Upper
                && here == Kind::Upper
                && bytes.get(at + 1).is_some_and(|&next| kind(next) == Kind::Lower);
            if (before == Kind::Lower && here == Kind::Upper)
                || (before == Kind::Digit) != (here == Kind::Digit)
                || ends_acronym
            {
                each(&word[start..at]);
                start = at;
            }
        }
    }
    if start < bytes.len() {
        each(&word[start..]);
    }
}
