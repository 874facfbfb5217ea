//! The dictionary of surface forms: a word's parts and stems are worked out at its first sight only.

use hashbrown::HashTable;

use super::forms::Forms;
use super::{stem, terms_of_word, unstemmed, words};

/// Return the 64 bits that stand for a term everywhere in the index: FNV-1a, then a finalizer that spreads it.
#[must_use]
pub fn hash_term(term: &str) -> u64 {
    let fnv = term
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    spread(fnv)
}

/// Mix 64 bits so that each of them depends on all (the finalizer of MurmurHash3).
#[must_use]
pub fn spread(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Surface forms and the terms they stand for. Ids count up from zero and stay until `clear`.
#[derive(Default)]
pub struct Dictionary {
    forms: Forms,
    spans: Vec<(u32, u32)>,
    form_terms: Vec<u32>,
    term_hashes: Vec<u64>,
    term_table: HashTable<u32>,
    /// Parts of words that were stemmed, and the term of each.
    parts: Forms,
    part_terms: Vec<u32>,
}

impl Dictionary {
    /// Give the term ids of a text in order; forms and terms seen for the first time get new ids.
    #[inline]
    pub fn intern(&mut self, text: &str, mut each: impl FnMut(u32)) {
        for word in words(text) {
            let form = self.form(word);
            self.terms_of(form).iter().copied().for_each(&mut each);
        }
    }

    /// Give the hashes of a text's terms without remembering anything.
    pub fn hashes(&self, text: &str, mut each: impl FnMut(u64)) {
        for word in words(text) {
            match self.forms.find(word) {
                Some(form) => {
                    self.terms_of(form).iter().for_each(|&term| each(self.term_hashes[term as usize]));
                }
                None => terms_of_word(word, &mut |term| each(hash_term(term))),
            }
        }
    }

    /// Return the id of a term, if it has one.
    #[must_use]
    pub fn term(&self, hash: u64) -> Option<u32> {
        self.term_table.find(hash, |&id| self.term_hashes[id as usize] == hash).copied()
    }

    #[must_use]
    pub fn term_hashes(&self) -> &[u64] {
        &self.term_hashes
    }

    /// Return how many distinct forms are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.forms.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// Forget everything; all ids end.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Return the number of a word.
    #[inline]
    pub fn form(&mut self, word: &str) -> u32 {
        let (form, is_new) = self.forms.intern(word);
        if is_new {
            self.learn(word);
        }
        form
    }

    /// Return the term ids of a word by its number, in order.
    #[inline]
    #[must_use]
    pub fn terms_of(&self, form: u32) -> &[u32] {
        let (start, end) = self.spans[form as usize];
        &self.form_terms[start as usize..end as usize]
    }

    #[cold]
    fn learn(&mut self, word: &str) {
        let first = self.form_terms.len() as u32;
        let Self { form_terms, term_hashes, term_table, parts, part_terms, .. } = self;
        unstemmed(word, &mut |term, is_stemmed| {
            if !is_stemmed {
                return form_terms.push(intern_term(term_hashes, term_table, hash_term(term)));
            }
            let (part, is_new) = parts.intern(term);
            if is_new {
                part_terms.push(intern_term(term_hashes, term_table, hash_term(&stem(term))));
            }
            form_terms.push(part_terms[part as usize]);
        });
        self.spans.push((first, self.form_terms.len() as u32));
    }
}

fn intern_term(hashes: &mut Vec<u64>, table: &mut HashTable<u32>, hash: u64) -> u32 {
    if let Some(&id) = table.find(hash, |&id| hashes[id as usize] == hash) {
        return id;
    }
    let id = hashes.len() as u32;
    hashes.push(hash);
    table.insert_unique(hash, id, |&other| hashes[other as usize]);
    id
}
