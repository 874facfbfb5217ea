//! Passages: chunks of documents whose words are found and counted once, for everything that is made of them.
//!
//! A passage has the words of its text, and those of its document's title and path; only which words and how many is
//! kept, because neither postings nor sums of vectors depend on their order.

use crate::text::{Forms, words};

/// A word by its number, and how often it is in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub form: u32,
    pub count: u32,
}

#[derive(Clone, Copy)]
struct Passage {
    title: u32,
    path: u32,
    text: u32,
}

/// Passages in the order in which they were added.
#[derive(Default)]
pub struct Passages {
    forms: Forms,
    counted: Vec<Counted>,
    /// Where the words of each text end.
    ends: Vec<usize>,
    passages: Vec<Passage>,
    /// By form: one more than its place in `counted`, as far as it is in the text that is being read.
    places: Vec<usize>,
}

impl Passages {
    /// Make a passage without title and path of each text.
    #[must_use]
    pub fn of(texts: &[&str]) -> Self {
        let mut passages = Self::default();
        passages.push("", "", texts.iter().copied());
        passages
    }

    /// Add the chunks of a document.
    pub fn push<'a>(&mut self, title: &str, path: &str, chunks: impl IntoIterator<Item = &'a str>) {
        let (title, path) = (self.count(title), self.count(path));
        for chunk in chunks {
            let text = self.count(chunk);
            self.passages.push(Passage { title, path, text });
        }
    }

    fn count(&mut self, text: &str) -> u32 {
        let start = self.counted.len();
        for word in words(text) {
            let (form, is_new) = self.forms.intern(word);
            if is_new {
                self.places.push(0);
            }
            let place = &mut self.places[form as usize];
            if *place > start {
                self.counted[*place - 1].count += 1;
            } else {
                self.counted.push(Counted { form, count: 1 });
                *place = self.counted.len();
            }
        }
        self.ends.push(self.counted.len());
        (self.ends.len() - 1) as u32
    }

    fn words(&self, text: u32) -> &[Counted] {
        let text = text as usize;
        &self.counted[if text == 0 { 0 } else { self.ends[text - 1] }..self.ends[text]]
    }

    /// Return the words of a passage's title, path and text.
    #[must_use]
    pub fn fields(&self, passage: usize) -> [&[Counted]; 3] {
        let Passage { title, path, text } = self.passages[passage];
        [self.words(title), self.words(path), self.words(text)]
    }

    /// Return the words that are embedded: those of the title and of the text.
    #[must_use]
    pub fn said(&self, passage: usize) -> [&[Counted]; 2] {
        let [title, _, text] = self.fields(passage);
        [title, text]
    }

    /// Return all words by number.
    #[must_use]
    pub fn forms(&self) -> &Forms {
        &self.forms
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.passages.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.passages.is_empty()
    }
}
