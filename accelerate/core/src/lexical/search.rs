//! The best k documents of one segment or tail for a weighted query: MaxScore, a term at a time.
//!
//! Lists go in the order of their bounds, greatest first. While a document without a score could still reach the best
//! k, lists are added in full; after that, only the documents that can are looked up, and only in blocks that matter.

use super::list::List;
use super::postings::Block;
use super::score::{MOST_TF, Norms};

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
    greatest: Vec<u32>,
}

/// What is searched: lengths of the documents, which of them may be found, and the ordinal of the first.
pub struct Source<'a> {
    pub classes: &'a [u8],
    pub permitted: Option<&'a [u64]>,
    pub first_ordinal: u32,
}

impl Source<'_> {
    #[inline]
    fn permits(&self, doc: u32) -> bool {
        self.permitted.is_none_or(|bits| bits[doc as usize / 64] & (1 << (doc % 64)) != 0)
    }
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
    let mut earlier = 0_u64;
    let mut waiting: usize = terms.iter().map(|term| term.list.df()).sum();
    let mut candidates: Option<Vec<u32>> = None;
    for term in terms {
        if candidates.is_none() && later < u64::from(floor) {
            candidates = Some(reaching(scratch, scratch.touched.clone(), later, floor));
        }
        later -= u64::from(term.bound);
        earlier += u64::from(term.bound);
        waiting -= term.list.df();
        match &mut candidates {
            None => {
                add_all(source, term, norms, scratch)?;
                // The floor costs a pass over the documents found; it must be able to pay.
                if later < earlier && waiting > scratch.touched.len() / 2 {
                    floor = floor.max(kth(scratch, None, top.k));
                }
            }
            Some(docs) => {
                look_up(source, term, norms, scratch, docs, later, floor)?;
                floor = floor.max(kth(scratch, Some(docs), top.k));
                *docs = reaching(scratch, std::mem::take(docs), later, floor);
            }
        }
    }
    for &doc in candidates.as_deref().unwrap_or(&scratch.touched) {
        let score = scratch.sums[doc as usize];
        if score >= floor {
            top.push(score, source.first_ordinal + doc);
        }
    }
    Some(())
}

/// Keep the documents that can still reach the floor, in ascending order.
fn reaching(scratch: &Scratch, mut docs: Vec<u32>, later: u64, floor: u32) -> Vec<u32> {
    docs.retain(|&doc| u64::from(scratch.sums[doc as usize]) + later >= u64::from(floor));
    if !docs.is_sorted() {
        docs.sort_unstable();
    }
    docs
}

/// Return the k-th greatest sum among the documents (all that were touched if None); 0 if there are fewer.
fn kth(scratch: &mut Scratch, docs: Option<&[u32]>, k: usize) -> u32 {
    let docs = docs.unwrap_or(&scratch.touched);
    if docs.len() < k || k == 0 {
        return 0;
    }
    let greatest = &mut scratch.greatest;
    greatest.clear();
    if k > 64 {
        greatest.extend(docs.iter().map(|&doc| scratch.sums[doc as usize]));
        return *greatest.select_nth_unstable_by(k - 1, |one, other| other.cmp(one)).1;
    }
    greatest.resize(k, 0);
    let mut least = 0;
    for &doc in docs {
        let sum = scratch.sums[doc as usize];
        if sum > least {
            let at = greatest.partition_point(|&other| other >= sum);
            greatest.pop();
            greatest.insert(at, sum);
            least = greatest[k - 1];
        }
    }
    least
}

#[inline]
fn steps(term: &Weighted<'_>, norms: &Norms, class: u8, tf: u32) -> u32 {
    (term.weight * norms.part(class, tf.min(MOST_TF))) as u32
}

fn add_all(source: &Source<'_>, term: &Weighted<'_>, norms: &Norms, scratch: &mut Scratch) -> Option<()> {
    let docs = source.classes.len();
    let sums = &mut scratch.sums[..docs];
    for number in 0..term.list.block_count() {
        term.list.decode(number, &mut scratch.block)?;
        let block = &scratch.block;
        let mut count = scratch.touched.len();
        scratch.touched.resize(count + block.length, 0);
        for (&doc, &tf) in block.docs[..block.length].iter().zip(&block.tfs[..block.length]) {
            let (Some(sum), Some(&class)) = (sums.get_mut(doc as usize), source.classes.get(doc as usize)) else {
                scratch.touched.truncate(count);
                return None;
            };
            let is_new = *sum == 0;
            if is_new && !source.permits(doc) {
                continue;
            }
            // At least one step, so that a touched document has a sum.
            *sum += steps(term, norms, class, tf).max(1);
            scratch.touched[count] = doc;
            count += usize::from(is_new);
        }
        scratch.touched.truncate(count);
    }
    Some(())
}

fn look_up(
    source: &Source<'_>,
    term: &Weighted<'_>,
    norms: &Norms,
    scratch: &mut Scratch,
    docs: &[u32],
    later: u64,
    floor: u32,
) -> Option<()> {
    let (mut number, mut at, mut decoded) = (0, 0, usize::MAX);
    let count = term.list.block_count();
    for &doc in docs {
        while number < count && term.list.last_doc(number) < doc {
            number += 1;
        }
        if number == count {
            break;
        }
        if number != decoded {
            let most = block_bound(term, term.list.block_bound(number));
            if u64::from(scratch.sums[doc as usize]) + u64::from(most) + later < u64::from(floor) {
                continue;
            }
            term.list.decode(number, &mut scratch.block)?;
            (decoded, at) = (number, 0);
        }
        let rest = &scratch.block.docs[at..scratch.block.length];
        at += rest.partition_point(|&other| other < doc);
        if scratch.block.docs[..scratch.block.length].get(at) == Some(&doc) {
            let class = *source.classes.get(doc as usize)?;
            scratch.sums[doc as usize] += steps(term, norms, class, scratch.block.tfs[at]).max(1);
        }
    }
    Some(())
}

/// Return how many steps a block or list can give at most, from its bound in 255ths.
#[must_use]
pub fn steps_at_most(weight: f32, drift: f32, bound: u8) -> u32 {
    // 1.00001 covers the roundings of this product and of the parts.
    ((f64::from(weight) * f64::from(bound) / 255.0 * f64::from(drift) * 1.00001).min(f64::from(weight)) + 1.0) as u32
}

#[inline]
fn block_bound(term: &Weighted<'_>, bound: u8) -> u32 {
    steps_at_most(term.weight, term.drift, bound)
}
