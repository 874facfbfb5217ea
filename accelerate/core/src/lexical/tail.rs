//! The tail: documents that are searched before they are written.

use super::list::List;
use super::score::{MOST_TF, Params, class_of, length_of};
use super::segment::Builder;
use crate::Result;
use crate::keys::{self, Run};
use crate::text::Dictionary;

/// Forms remembered at most before the dictionary starts anew at a flush.
const MOST_FORMS: usize = 1_000_000;

/// Documents in memory, with plain postings.
#[derive(Default)]
pub struct Tail {
    dictionary: Dictionary,
    postings: Vec<Vec<u64>>,
    entries: usize,
    pub classes: Vec<u8>,
    pub most_class: u8,
    pub runs: Vec<Run>,
    pub total_length: u64,
}

impl Tail {
    /// Add a document; its key is greater than any before.
    pub fn push(&mut self, key: u64, fields: super::Fields<'_>) {
        let doc = self.classes.len() as u64;
        let mut length = 0_u32;
        for &(text, weight) in fields {
            let (postings, entries) = (&mut self.postings, &mut self.entries);
            self.dictionary.intern(text, |term| {
                let term = term as usize;
                if term >= postings.len() {
                    postings.resize_with((term + 1).max(postings.len() * 2), Vec::new);
                }
                length = length.saturating_add(weight);
                match postings[term].last_mut() {
                    Some(entry) if *entry >> 32 == doc => *entry += u64::from(weight),
                    _ => {
                        postings[term].push(doc << 32 | u64::from(weight));
                        *entries += 1;
                    }
                }
            });
        }
        keys::push(&mut self.runs, doc, key);
        let class = class_of(length);
        self.classes.push(class);
        self.most_class = self.most_class.max(class);
        self.total_length += length_of(class);
    }

    /// Return how many postings the tail holds.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Return the postings of a term, if any document has it.
    #[must_use]
    pub fn list(&self, hash: u64) -> Option<List<'_>> {
        let list = self.postings.get(self.dictionary.term(hash)? as usize)?;
        (!list.is_empty()).then_some(List::Plain(list))
    }

    /// Return a segment of everything here.
    ///
    /// # Errors
    /// As `Builder::push`.
    pub fn build(&self, params: Params) -> Result<Builder> {
        let mut order: Vec<(u64, u32)> = self.dictionary.term_hashes().iter().copied().zip(0..).collect();
        order.retain(|&(_, term)| self.postings.get(term as usize).is_some_and(|list| !list.is_empty()));
        order.sort_unstable();
        let mut builder = Builder::new(params, self.runs.clone(), self.classes.clone(), self.total_length);
        let (mut docs, mut tfs) = (Vec::new(), Vec::new());
        for (hash, term) in order {
            let list = &self.postings[term as usize];
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
            self.postings.clear();
        }
        self.postings.iter_mut().for_each(Vec::clear);
        self.classes.clear();
        self.runs.clear();
        (self.entries, self.total_length, self.most_class) = (0, 0, 0);
    }
}
