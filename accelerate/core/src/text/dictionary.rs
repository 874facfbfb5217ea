//! The dictionary of surface forms: a word's parts and stems are worked out at its first sight only.

use hashbrown::HashTable;

use super::{terms_of_word, words};

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

/// A quick hash of bytes, eight at a time; it stays inside one process.
#[inline]
#[must_use]
pub fn hash_bytes(word: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = word.len() as u64;
    let mut chunks = word.chunks_exact(8);
    for chunk in &mut chunks {
        let value = u64::from_le_bytes(chunk.try_into().expect("eight bytes"));
        hash = (hash ^ value).wrapping_mul(K).rotate_left(29);
    }
    let mut last = 0_u64;
    for &byte in chunks.remainder() {
        last = (last << 8) | u64::from(byte);
    }
    hash = (hash ^ last).wrapping_mul(K);
    hash ^ (hash >> 32)
}

struct Form {
    hash: u64,
    text: (u32, u32),
    terms: (u32, u32),
}

/// Surface forms and the terms they stand for. Ids count up from zero and stay until `clear`.
#[derive(Default)]
pub struct Dictionary {
    forms: Vec<Form>,
    form_table: HashTable<u32>,
    texts: Vec<u8>,
    form_terms: Vec<u32>,
    term_hashes: Vec<u64>,
    term_table: HashTable<u32>,
}

impl Dictionary {
    /// Give the term ids of a text in order; forms and terms seen for the first time get new ids.
    #[inline]
    pub fn intern(&mut self, text: &str, mut each: impl FnMut(u32)) {
        for word in words(text) {
            let form = self.intern_form(word);
            let (start, end) = self.forms[form as usize].terms;
            for &term in &self.form_terms[start as usize..end as usize] {
                each(term);
            }
        }
    }

    /// Give the hashes of a text's terms without remembering anything.
    pub fn hashes(&self, text: &str, mut each: impl FnMut(u64)) {
        for word in words(text) {
            match self.find_form(word, hash_bytes(word.as_bytes())) {
                Some(form) => {
                    let (start, end) = self.forms[form as usize].terms;
                    for &term in &self.form_terms[start as usize..end as usize] {
                        each(self.term_hashes[term as usize]);
                    }
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

    #[inline]
    fn find_form(&self, word: &str, hash: u64) -> Option<u32> {
        let is_it = |&id: &u32| {
            let form = &self.forms[id as usize];
            form.hash == hash && &self.texts[form.text.0 as usize..form.text.1 as usize] == word.as_bytes()
        };
        self.form_table.find(hash, is_it).copied()
    }

    #[inline]
    fn intern_form(&mut self, word: &str) -> u32 {
        let hash = hash_bytes(word.as_bytes());
        match self.find_form(word, hash) {
            Some(form) => form,
            None => self.new_form(word, hash),
        }
    }

    #[cold]
    fn new_form(&mut self, word: &str, hash: u64) -> u32 {
        let id = self.forms.len() as u32;
        let (text, first) = (self.texts.len() as u32, self.form_terms.len() as u32);
        let (term_hashes, term_table, form_terms) = (&mut self.term_hashes, &mut self.term_table, &mut self.form_terms);
        terms_of_word(word, &mut |term| form_terms.push(intern_term(term_hashes, term_table, hash_term(term))));
        self.texts.extend_from_slice(word.as_bytes());
        self.forms.push(Form {
            hash,
            text: (text, self.texts.len() as u32),
            terms: (first, self.form_terms.len() as u32),
        });
        let forms = &self.forms;
        self.form_table.insert_unique(hash, id, |&other| forms[other as usize].hash);
        id
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
