//! The best k documents of one segment or tail for a weighted query: MaxScore, a term at a time.
//!
//! Lists go in the order of their bounds, greatest first. While a document without a score could still reach the best
//! k, lists are added in full; after that, only the documents that can are looked up, and only in blocks that matter.

use super::list::List;
use super::postings::{BLOCK, Block};
use super::score::{MOST_TF, Norms};
use crate::bits;

const MOST_LEADERS: usize = 200;
/// How many postings can be read in the time that one document is looked up.
const DEARER: usize = 12;
/// Postings of a list before which it pays to know what the leaders will reach.
const LONG: usize = 2_000;
const MOST_STEPS: f32 = 2_147_483_520.0;

/// A term of the query in one source.
pub struct Weighted<'a> {
    pub list: List<'a>,
    /// The scaled weight: a whole number of steps is `floor(weight · part)`.
    pub weight: f32,
    /// No document gets more steps than this from the term.
    pub bound: u32,
    /// How far the bounds of blocks, taken under another mean length, are below today's.
    pub drift: f32,
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
    fn floor(&self) -> u32 {
        if self.best.len() < self.k { 0 } else { self.best.peek().map_or(0, |worst| (worst.0 >> 32) as u32) }
    }

    fn push(&mut self, score: u32, ordinal: u32) {
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
    leaders: Leaders,
    /// Documents that were leaders, and the scores that they will have in the end.
    foreseen: Vec<(u32, u32)>,
}

/// What is searched: lengths of the documents, which of them may be found, and the ordinal of the first.
pub struct Source<'a> {
    pub classes: &'a [u8],
    pub permitted: Option<&'a [u64]>,
    pub first_ordinal: u32,
}

/// Bring the best documents of a source into `top`; `None` if its postings do not hold together.
pub fn search(
    source: &Source<'_>,
    terms: &mut [Weighted<'_>],
    norms: &Norms,
    top: &mut Top,
    scratch: &mut Scratch,
) -> Option<()> {
    terms.sort_unstable_by_key(|term| std::cmp::Reverse((term.bound, term.list.df())));
    if scratch.sums.len() < source.classes.len() {
        scratch.sums.resize(source.classes.len(), 0);
    }
    let found = gather(source, terms, norms, top, scratch);
    for &doc in &scratch.touched {
        scratch.sums[doc as usize] = 0;
    }
    scratch.touched.clear();
    found
}

fn gather(
    source: &Source<'_>,
    terms: &[Weighted<'_>],
    norms: &Norms,
    top: &mut Top,
    scratch: &mut Scratch,
) -> Option<()> {
    let mut floor = top.floor();
    let mut later: u64 = terms.iter().map(|term| u64::from(term.bound)).sum();
    scratch.leaders.start(top.k);
    let mut complete = true;
    scratch.foreseen.clear();
    for (at, term) in terms.iter().enumerate() {
        if complete && term.list.df() >= LONG && scratch.leaders.floor() > 0 {
            floor = floor.max(foresee(source, &terms[at..], norms, scratch)?);
        }
        if complete && later < u64::from(floor) {
            complete = false;
            drop_beaten(scratch, later, floor);
        }
        later -= u64::from(term.bound);
        if complete {
            add_all(source, term, norms, scratch, |most| later + u64::from(most) >= u64::from(floor))?;
        } else {
            add_to_found(source, term, norms, scratch, later, floor)?;
        }
        floor = floor.max(scratch.leaders.floor());
    }
    for &doc in &scratch.touched {
        let score = scratch.sums[doc as usize];
        if score >= floor {
            top.push(score, source.first_ordinal + doc);
        }
    }
    Some(())
}

/// Return the least of the final scores that the leaders will have: a floor long before all lists are read.
fn foresee(source: &Source<'_>, terms: &[Weighted<'_>], norms: &Norms, scratch: &mut Scratch) -> Option<u32> {
    let mut least = u32::MAX;
    for (&doc, &sum) in scratch.leaders.docs.iter().zip(&scratch.leaders.sums) {
        let known = scratch.foreseen.iter().find(|&&(other, _)| other == doc);
        let score = match known {
            Some(&(_, score)) => score,
            None => {
                let class = *source.classes.get(doc as usize)?;
                let mut score = sum;
                for term in terms {
                    if let Some(tf) = term.list.tf(doc, &mut scratch.block)? {
                        score += steps(term, norms, class, tf);
                    }
                }
                scratch.foreseen.push((doc, score));
                score
            }
        };
        least = least.min(score);
    }
    Some(least)
}

/// Add a term to the documents that have a sum and can still reach the floor.
fn add_to_found(
    source: &Source<'_>,
    term: &Weighted<'_>,
    norms: &Norms,
    scratch: &mut Scratch,
    later: u64,
    floor: u32,
) -> Option<()> {
    if term.list.df() > scratch.touched.len() / 4 {
        drop_beaten(scratch, later + u64::from(term.bound), floor);
    }
    if term.list.df() / DEARER > scratch.touched.len() {
        scratch.touched.sort_unstable();
        look_up(source, term, norms, scratch, later, floor)
    } else {
        add_all(source, term, norms, scratch, |_| false)
    }
}

/// Forget the documents that cannot reach the floor any more.
fn drop_beaten(scratch: &mut Scratch, later: u64, floor: u32) {
    let sums = &mut scratch.sums;
    let mut kept = 0;
    for at in 0..scratch.touched.len() {
        let doc = scratch.touched[at];
        let sum = &mut sums[doc as usize];
        let stays = u64::from(*sum) + later >= u64::from(floor);
        *sum = if stays { *sum } else { 0 };
        scratch.touched[kept] = doc;
        kept += usize::from(stays);
    }
    scratch.touched.truncate(kept);
}

/// The greatest sums so far, a document once: what the k-th of them is, no document below can be among the best k.
#[derive(Default)]
struct Leaders {
    docs: Vec<u32>,
    sums: Vec<u32>,
    k: usize,
    least: u32,
}

impl Leaders {
    fn start(&mut self, k: usize) {
        self.docs.clear();
        self.sums.clear();
        // Following many leaders costs more than it saves.
        self.k = if k <= MOST_LEADERS { k } else { 0 };
        self.least = if self.k == 0 { u32::MAX } else { 0 };
    }

    /// Return the floor that the leaders set; 0 while there are fewer than k.
    fn floor(&self) -> u32 {
        if self.docs.len() == self.k && self.k > 0 { self.least } else { 0 }
    }

    #[inline]
    fn see(&mut self, doc: u32, sum: u32) {
        if sum > self.least {
            self.enter(doc, sum);
        }
    }

    #[inline(never)]
    fn enter(&mut self, doc: u32, sum: u32) {
        if let Some(at) = self.docs.iter().position(|&other| other == doc) {
            self.sums[at] = sum;
        } else if self.docs.len() < self.k {
            self.docs.push(doc);
            self.sums.push(sum);
        } else {
            let at = self.sums.iter().position(|&other| other == self.least).expect("the least is one of them");
            (self.docs[at], self.sums[at]) = (doc, sum);
        }
        if self.docs.len() == self.k {
            self.least = self.sums.iter().copied().min().expect("k is at least one");
        }
    }
}

#[expect(clippy::manual_clamp, reason = "clamp would let NaN through")]
#[inline]
fn steps(term: &Weighted<'_>, norms: &Norms, class: u8, tf: u32) -> u32 {
    let steps = (term.weight * norms.part(class, tf.min(MOST_TF))).max(1.0).min(MOST_STEPS);
    // SAFETY: between 1 and 2^31 - 128, and not NaN, because `max` and `min` prefer the number.
    unsafe { steps.to_int_unchecked::<i32>() as u32 }
}

/// Add a term to its documents: to all of a block if `is_open` says that one with as many steps as the block can give may
/// still reach the floor, else to those that have a sum already.
fn add_all(
    source: &Source<'_>,
    term: &Weighted<'_>,
    norms: &Norms,
    scratch: &mut Scratch,
    is_open: impl Fn(u32) -> bool,
) -> Option<()> {
    for number in 0..term.list.block_count() {
        let is_new = is_open(steps_at_most(term.weight, term.drift, term.list.block_bound(number)));
        term.list.decode(number, &mut scratch.block)?;
        let (docs, tfs) = (&scratch.block.docs[..scratch.block.length], &scratch.block.tfs[..scratch.block.length]);
        // One look at the greatest stands for the bounds of all: damaged postings must not reach beyond the documents.
        if docs.iter().max().is_none_or(|&last| last as usize >= source.classes.len()) {
            return None;
        }
        let mut gains = [0; BLOCK];
        for ((gain, &doc), &tf) in gains.iter_mut().zip(docs).zip(tfs) {
            // SAFETY: every document of the block is below `classes.len()`, as was seen above.
            let class = unsafe { *source.classes.get_unchecked(doc as usize) };
            *gain = steps(term, norms, class, tf);
        }
        let scattered = (docs, &gains[..docs.len()]);
        match (is_new, source.permitted) {
            (false, _) => {
                let counts = |_, old| old != 0;
                scatter(scattered, &mut scratch.sums, &mut scratch.touched, &mut scratch.leaders, counts);
            }
            (true, None) => {
                scatter(scattered, &mut scratch.sums, &mut scratch.touched, &mut scratch.leaders, |_, _| true);
            }
            (true, Some(bits)) => {
                let may = |doc: u32, old| old != 0 || bits::get(bits, doc as usize);
                scatter(scattered, &mut scratch.sums, &mut scratch.touched, &mut scratch.leaders, may);
            }
        }
    }
    Some(())
}

/// Add gains to the sums of the documents that `counts` says, and note those that had none. The documents are below
/// the number of sums: `add_all` has seen to it.
#[inline]
fn scatter(
    (docs, gains): (&[u32], &[u32]),
    sums: &mut [u32],
    touched: &mut Vec<u32>,
    leaders: &mut Leaders,
    counts: impl Fn(u32, u32) -> bool,
) {
    let start = touched.len();
    touched.resize(start + docs.len(), 0);
    let (news, mut count, mut least) = (&mut touched[start..], 0, leaders.least);
    for (&doc, &gain) in docs.iter().zip(gains) {
        debug_assert!((doc as usize) < sums.len() && count < news.len());
        // SAFETY: there is a sum for every document of the source, and `doc` is one of them.
        let sum = unsafe { sums.get_unchecked_mut(doc as usize) };
        let old = *sum;
        // No branch: which documents count is as good as random.
        let new = old + gain * u32::from(counts(doc, old));
        *sum = new;
        // SAFETY: `count` grows at most once a document, and `news` is as long as there are documents.
        unsafe { *news.get_unchecked_mut(count) = doc };
        count += usize::from((old == 0) & (new != 0));
        if new > least {
            leaders.enter(doc, new);
            least = leaders.least;
        }
    }
    touched.truncate(start + count);
}

/// Add a term to the documents found, which ascend, decoding only the blocks that matter.
fn look_up(
    source: &Source<'_>,
    term: &Weighted<'_>,
    norms: &Norms,
    scratch: &mut Scratch,
    later: u64,
    floor: u32,
) -> Option<()> {
    let (mut number, mut at, mut decoded) = (0, 0, usize::MAX);
    let count = term.list.block_count();
    for &doc in &scratch.touched {
        while number < count && term.list.last_doc(number) < doc {
            number += 1;
        }
        if number == count {
            break;
        }
        let sum = scratch.sums.get_mut(doc as usize)?;
        if number != decoded {
            let most = steps_at_most(term.weight, term.drift, term.list.block_bound(number));
            if u64::from(*sum) + u64::from(most) + later < u64::from(floor) {
                continue;
            }
            term.list.decode(number, &mut scratch.block)?;
            (decoded, at) = (number, 0);
        }
        let block = &scratch.block;
        at += block.docs[at..block.length].partition_point(|&other| other < doc);
        if block.docs[..block.length].get(at) == Some(&doc) {
            *sum += steps(term, norms, *source.classes.get(doc as usize)?, block.tfs[at]);
            scratch.leaders.see(doc, *sum);
        }
    }
    Some(())
}

/// Return how many steps a block or list can give at most, from its bound in 255ths.
#[inline]
#[must_use]
pub fn steps_at_most(weight: f32, drift: f32, bound: u8) -> u32 {
    // 1.00001 covers the roundings of this product and of the parts.
    ((f64::from(weight) * f64::from(bound) / 255.0 * f64::from(drift) * 1.00001).min(f64::from(weight)) + 1.0) as u32
}
