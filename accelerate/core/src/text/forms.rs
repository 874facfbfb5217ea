//! Surface forms: the distinct words of texts, each with a number.

use hashbrown::HashTable;

/// A quick hash of bytes, eight at a time; it stays inside one process.
#[inline]
#[must_use]
pub fn hash_bytes(word: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = word.len() as u64;
    let mut rest = word;
    while let Some((eight, after)) = rest.split_first_chunk::<8>()
        && !after.is_empty()
    {
        hash = (hash ^ u64::from_le_bytes(*eight)).wrapping_mul(K).rotate_left(29);
        rest = after;
    }
    hash = (hash ^ last_eight(word)).wrapping_mul(K);
    hash ^ (hash >> 32)
}

/// Return the last eight bytes, or all of fewer, as one number: those of one length are different for different bytes.
#[inline]
fn last_eight(word: &[u8]) -> u64 {
    if let Some(eight) = word.last_chunk::<8>() {
        return u64::from_le_bytes(*eight);
    }
    match (word.first_chunk::<4>(), word.last_chunk::<4>()) {
        (Some(first), Some(last)) => u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32,
        _ => word.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)),
    }
}

/// Compare words of one length and at least eight bytes, most of which have not many more.
#[inline(always)]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.first_chunk::<8>() == other.first_chunk::<8>()
        && one.last_chunk::<8>() == other.last_chunk::<8>()
        && (one.len() <= 16 || one == other)
}

struct Form {
    hash: u64,
    start: u32,
    end: u32,
}

/// Words by number: they count up from zero in the order of their first sight.
#[derive(Default)]
pub struct Forms {
    forms: Vec<Form>,
    table: HashTable<u32>,
    texts: String,
}

impl Forms {
    /// Return the number of a word, if it was seen.
    #[inline]
    #[must_use]
    pub fn find(&self, word: &str) -> Option<u32> {
        self.find_hashed(word, hash_bytes(word.as_bytes()))
    }

    #[inline]
    fn find_hashed(&self, word: &str, hash: u64) -> Option<u32> {
        let is_it = |&id: &u32| {
            let form = &self.forms[id as usize];
            // Among words of one length up to eight bytes, each has a hash of its own.
            form.hash == hash
                && (form.end - form.start) as usize == word.len()
                && (word.len() <= 8
                    || is_same(&self.texts.as_bytes()[form.start as usize..form.end as usize], word.as_bytes()))
        };
        self.table.find(hash, is_it).copied()
    }

    /// Return the number of a word, and whether it is a new one.
    #[inline]
    pub fn intern(&mut self, word: &str) -> (u32, bool) {
        let hash = hash_bytes(word.as_bytes());
        match self.find_hashed(word, hash) {
            Some(id) => (id, false),
            None => (self.push(word, hash), true),
        }
    }

    #[cold]
    fn push(&mut self, word: &str, hash: u64) -> u32 {
        let (id, start) = (self.forms.len() as u32, self.texts.len() as u32);
        self.texts.push_str(word);
        self.forms.push(Form { hash, start, end: self.texts.len() as u32 });
        let forms = &self.forms;
        self.table.insert_unique(hash, id, |&other| forms[other as usize].hash);
        id
    }

    /// Iterate over the words in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.forms.iter().map(|form| &self.texts[form.start as usize..form.end as usize])
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.forms.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Forms, hash_bytes};

    #[test]
    fn words_that_differ_in_one_byte_or_in_length_are_different() {
        let mut forms = Forms::default();
        let mut words = Vec::new();
        for length in 0..40 {
            words.push("x".repeat(length));
            words.extend((0..length).map(|at| format!("{}y{}", "x".repeat(at), "x".repeat(length - at - 1))));
        }
        for (number, word) in words.iter().enumerate() {
            assert_eq!(forms.intern(word), (number as u32, true), "{word}");
        }
        assert!(words.iter().enumerate().all(|(number, word)| forms.find(word) == Some(number as u32)));
    }

    #[test]
    fn short_words_of_one_length_have_hashes_of_their_own() {
        let mut hashes: Vec<u64> = (0..1_u64 << 16).map(|two| hash_bytes(&two.to_le_bytes()[..2])).collect();
        hashes.extend((0..1_u64 << 16).map(|some| hash_bytes(&(some << 13).to_le_bytes()[..5])));
        for same in hashes.chunks_mut(1 << 16) {
            same.sort_unstable();
            assert!(same.windows(2).all(|two| two[0] != two[1]));
        }
    }

    #[test]
    fn a_word_keeps_its_number() {
        let mut forms = Forms::default();
        let found: Vec<_> = ["a", "läuft", "a", "a_longer_identifier_of_many_parts", "läuft", ""]
            .map(|word| forms.intern(word))
            .to_vec();
        assert_eq!(found, [(0, true), (1, true), (0, false), (2, true), (1, false), (3, true)]);
        assert_eq!(forms.iter().nth(1), Some("läuft"));
        assert_eq!((forms.find("b"), forms.find("a_longer_identifier_of_many_parts")), (None, Some(2)));
    }
}
