//! The tail: documents that are searched before they are written.

use super::list::List;
use super::score::{MOST_TF, Params, class_of, length_of};
use super::segment::Builder;
use crate::Result;
use crate::keys::{self, Run};
use crate::passages::{Counted, Passages};
use crate::text::Dictionary;

/// Forms remembered at most before the dictionary starts anew at a flush.
const MOST_FORMS: usize = 1_000_000;

/// The documents of each term, ascending, and the weight of the term in each: `doc << 32 | weight`.
#[derive(Default)]
struct Postings {
    lists: Vec<Vec<u64>>,
    entries: usize,
    doc: u64,
}

impl Postings {
    /// Note that the document that is being added has a term.
    #[inline]
    fn note(&mut self, term: u32, weight: u32) {
        let term = term as usize;
        if term >= self.lists.len() {
            self.lists.resize_with((term + 1).max(self.lists.len() * 2), Vec::new);
        }
        let list = &mut self.lists[term];
        match list.last_mut() {
            Some(entry) if *entry >> 32 == self.doc => *entry += u64::from(weight),
            _ => {
                list.push(self.doc << 32 | u64::from(weight));
                self.entries += 1;
            }
        }
    }
}

/// Documents in memory, with plain postings.
#[derive(Default)]
pub struct Tail {
    dictionary: Dictionary,
    postings: Postings,
    pub classes: Vec<u8>,
    pub most_class: u8,
    pub runs: Vec<Run>,
    pub total_length: u64,
}

impl Tail {
    /// Add a document; its key is greater than any before.
    pub fn push(&mut self, key: u64, fields: super::Fields<'_>) {
        let mut length = 0_u32;
        let Self { dictionary, postings, .. } = self;
        for &(text, weight) in fields {
            dictionary.intern(text, |term| {
                length = length.saturating_add(weight);
                postings.note(term, weight);
            });
        }
        self.end_document(key, length);
    }

    /// Return the number that each word of these passages has here.
    pub fn forms_of(&mut self, passages: &Passages) -> Vec<u32> {
        passages.forms().iter().map(|word| self.dictionary.form(word)).collect()
    }

    /// Add a document whose words are counted; `forms` are their numbers here.
    pub fn push_counted(&mut self, key: u64, fields: [(&[Counted], u32); 3], forms: &[u32]) {
        let mut length = 0_u32;
        for (words, weight) in fields {
            for word in words {
                let weight = weight.saturating_mul(word.count);
                for &term in self.dictionary.terms_of(forms[word.form as usize]) {
                    length = length.saturating_add(weight);
                    self.postings.note(term, weight);
                }
            }
        }
        self.end_document(key, length);
    }

    fn end_document(&mut self, key: u64, length: u32) {
        keys::push(&mut self.runs, self.classes.len() as u64, key);
        let class = class_of(length);
        self.classes.push(class);
        self.most_class = self.most_class.max(class);
        self.total_length += length_of(class);
        self.postings.doc += 1;
    }

    /// Return how many postings the tail holds.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.postings.entries
    }

    /// Return the postings of a term, if any document has it.
    #[must_use]
    pub fn list(&self, hash: u64) -> Option<List<'_>> {
        let list = self.postings.lists.get(self.dictionary.term(hash)? as usize)?;
        (!list.is_empty()).then_some(List::Plain(list))
    }

    /// Return a segment of everything here.
    ///
    /// # Errors
    /// As `Builder::push`.
    pub fn build(&self, params: Params) -> Result<Builder> {
        let mut order: Vec<(u64, u32)> = self.dictionary.term_hashes().iter().copied().zip(0..).collect();
        order.retain(|&(_, term)| self.postings.lists.get(term as usize).is_some_and(|list| !list.is_empty()));
        order.sort_unstable();
        let mut builder = Builder::new(params, self.runs.clone(), self.classes.clone(), self.total_length);
        let (mut docs, mut tfs) = (Vec::new(), Vec::new());
        for (hash, term) in order {
            let list = &self.postings.lists[term as usize];
            docs.clear();
            tfs.clear();
            docs.extend(list.iter().map(|entry| (entry >> 32) as u32));
            tfs.extend(list.iter().map(|&entry| (entry as u32).min(MOST_TF)));
            builder.push(hash, &docs, &tfs)?;
        }
        Ok(builder)
    }

    /// Start anew; what is known about words stays unless it has grown large.
    pub fn clear(&mut self) {
        if self.dictionary.len() > MOST_FORMS {
            self.dictionary.clear();
            self.postings.lists.clear();
        }
        self.postings.lists.iter_mut().for_each(Vec::clear);
        (self.postings.entries, self.postings.doc) = (0, 0);
        self.classes.clear();
        self.runs.clear();
        (self.total_length, self.most_class) = (0, 0);
    }
}
