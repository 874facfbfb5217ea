//! The best k documents of one segment or tail for a weighted query.
//!
//! A query of few postings adds them all. Any other goes through the documents in windows (`windows`), and leaves out
//! what cannot reach the best k.

use super::list::List;
use super::postings::{BLOCK, Block};
use super::score::{MOST_TF, Norms};
use super::windows::{Lane, Window, search_windows};
use crate::bits;

/// Postings up to which all are added: looking at bounds would take longer.
const FEW: usize = 4_096;
const MOST_STEPS: f32 = 2_147_483_520.0;

/// A term of the query in one source.
pub struct Weighted<'a> {
    pub list: List<'a>,
    /// The scaled weight: a whole number of steps is `floor(weight · part)`.
    pub weight: f32,
    /// How far the bounds of blocks, taken under another mean length, are below today's.
    pub drift: f32,
}

impl Weighted<'_> {
    /// Return the steps that a document of this class gets which has the term once and so many times more.
    #[inline]
    #[must_use]
    pub fn steps(&self, norms: &Norms, class: u8, more: u32) -> u32 {
        self.steps_of(norms.part(class, more.min(MOST_TF - 1) + 1))
    }

    /// Return the steps that a part gives.
    #[expect(clippy::manual_clamp, reason = "clamp would let NaN through")]
    #[inline]
    #[must_use]
    pub fn steps_of(&self, part: f32) -> u32 {
        let steps = (self.weight * part).max(1.0).min(MOST_STEPS);
        // SAFETY: between 1 and 2^31 - 128, and not NaN, because `max` and `min` prefer the number.
        unsafe { steps.to_int_unchecked::<i32>() as u32 }
    }

    /// Return how many steps a block or list can give at most, from its bound in 255ths.
    #[inline]
    #[must_use]
    pub fn steps_at_most(&self, bound: u8) -> u32 {
        let weight = f64::from(self.weight);
        // 1.00001 covers the roundings of this product and of the parts.
        ((weight * f64::from(bound) / 255.0 * f64::from(self.drift) * 1.00001).min(weight) + 1.0) as u32
    }
}

/// The best k so far over all sources, as `score << 32 | !ordinal`: greater is better, and no two are equal.
pub struct Top {
    best: std::collections::BinaryHeap<std::cmp::Reverse<u64>>,
    k: usize,
}

impl Top {
    #[must_use]
    pub fn new(k: usize) -> Self {
        Self { best: std::collections::BinaryHeap::with_capacity(k.min(1024) + 1), k }
    }

    /// Return the score of the last of the best k; nothing below can enter. 0 while there are fewer.
    #[inline]
    #[must_use]
    pub fn floor(&self) -> u32 {
        if self.best.len() < self.k { 0 } else { self.best.peek().map_or(0, |worst| (worst.0 >> 32) as u32) }
    }

    #[inline]
    pub fn push(&mut self, score: u32, ordinal: u32) {
        let entry = std::cmp::Reverse(u64::from(score) << 32 | u64::from(!ordinal));
        if self.best.len() < self.k {
            self.best.push(entry);
        } else if let Some(mut worst) = self.best.peek_mut()
            && worst.0 < entry.0
        {
            *worst = entry;
        }
    }

    /// Return `(score, ordinal)`, best first.
    #[must_use]
    pub fn into_sorted(self) -> Vec<(u32, u32)> {
        self.best.into_sorted_vec().into_iter().map(|entry| ((entry.0 >> 32) as u32, !(entry.0 as u32))).collect()
    }
}

/// Room that a thread keeps between searches; all sums are 0 there in between.
#[derive(Default)]
pub struct Scratch {
    sums: Vec<u32>,
    touched: Vec<u32>,
    block: Block,
    pub lanes: Vec<Lane>,
    pub window: Box<Window>,
}

/// What is searched: lengths of the documents, which of them may be found, and the ordinal of the first.
pub struct Source<'a> {
    pub classes: &'a [u8],
    /// No class is greater.
    pub most_class: u8,
    pub permitted: Option<&'a [u64]>,
    pub first_ordinal: u32,
}

impl Source<'_> {
    #[inline]
    #[must_use]
    pub fn permits(&self, doc: usize) -> bool {
        self.permitted.is_none_or(|permitted| bits::get(permitted, doc))
    }
}

/// Bring the best documents of a source into `top`; `None` if its postings do not hold together.
pub fn search(
    source: &Source<'_>,
    terms: &[Weighted<'_>],
    norms: &Norms,
    top: &mut Top,
    scratch: &mut Scratch,
) -> Option<()> {
    if terms.iter().map(|term| term.list.df()).sum::<usize>() > FEW {
        return search_windows(source, terms, norms, top, scratch);
    }
    if scratch.sums.len() < source.classes.len() {
        scratch.sums.resize(source.classes.len(), 0);
    }
    let added = terms.iter().try_for_each(|term| add_all(source, term, norms, scratch));
    for &doc in &scratch.touched {
        let score = std::mem::take(&mut scratch.sums[doc as usize]);
        if score >= top.floor() && source.permits(doc as usize) {
            top.push(score, source.first_ordinal + doc);
        }
    }
    scratch.touched.clear();
    added
}

/// Add a term to all of its documents, and note those that had no sum.
fn add_all(source: &Source<'_>, term: &Weighted<'_>, norms: &Norms, scratch: &mut Scratch) -> Option<()> {
    for number in 0..term.list.block_count() {
        term.list.decode(number, &mut scratch.block)?;
        // Damaged postings must not reach beyond the documents.
        if scratch.block.docs().iter().max().is_none_or(|&last| last as usize >= source.classes.len()) {
            return None;
        }
        let start = scratch.touched.len();
        scratch.touched.resize(start + BLOCK, 0);
        let mut count = start;
        for (&doc, &more) in scratch.block.docs().iter().zip(scratch.block.more()) {
            let class = source.classes[doc as usize];
            let sum = &mut scratch.sums[doc as usize];
            scratch.touched[count] = doc;
            count += usize::from(*sum == 0);
            *sum += term.steps(norms, class, more);
        }
        scratch.touched.truncate(count);
    }
    Some(())
}
