//! The nearest k over segments and tail: candidates by bits (in large segments) and bytes, then exact scores.

use super::kernels::Kernels;
use super::rotate::{Rotation, WORD};
use super::rows::{Coarse, GROUP, Rows, bit_words, exact_score, made_coarse, normalized};
use super::segment::Segment;
use crate::{Result, bits};

/// Vectors up to which every one is compared by its bytes, so that nothing can be missed.
pub const SMALL: usize = 20_000;
/// What the roundings of 32-bit sums can add to the errors that are known.
const ROUNDING: f32 = 1e-5;

/// A query in three precisions.
pub struct Query {
    exact: Vec<f32>,
    rotated: Vec<f32>,
    coarse: Coarse,
}

impl Query {
    #[must_use]
    pub fn new(vector: &[f32], rotation: &Rotation) -> Self {
        let exact = normalized(vector);
        let mut rotated = vec![0.0; rotation.width()];
        let coarse = made_coarse(&exact, rotation, &mut rotated);
        Self { exact, rotated, coarse }
    }

    fn words(&self, mean: &[f32]) -> Vec<u64> {
        bit_words(&self.rotated, mean).collect()
    }
}

/// What is searched.
#[derive(Clone, Copy)]
pub enum Vectors<'a> {
    Stored(&'a Segment),
    Tail(&'a Rows),
}

impl Vectors<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Stored(segment) => segment.docs,
            Self::Tail(rows) => rows.len(),
        }
    }

    fn error(&self) -> f32 {
        match self {
            Self::Stored(segment) => segment.error,
            Self::Tail(rows) => rows.error,
        }
    }

    fn exact(&self, doc: usize, dimension: usize) -> Result<&[f32]> {
        match self {
            Self::Stored(segment) => segment.exact(doc),
            Self::Tail(rows) => Ok(&rows.exact[doc * dimension..(doc + 1) * dimension]),
        }
    }
}

/// One source of vectors: which of them may be found, and the ordinal of the first.
pub struct Source<'a> {
    pub vectors: Vectors<'a>,
    pub permitted: Option<Vec<u64>>,
    pub first_ordinal: usize,
}

/// How the search goes: which kernels, how many results, and whether it may miss one for speed.
#[derive(Clone, Copy)]
pub struct Plan {
    pub kernels: Kernels,
    pub k: usize,
    pub exactly: bool,
}

/// Return `(score, ordinal)` of the nearest k, best first, equal scores in the order of ordinals.
///
/// # Errors
/// `Error::Corrupt` for a damaged segment.
pub fn search(sources: &[Source<'_>], query: &Query, plan: Plan) -> Result<Vec<(f32, usize)>> {
    let mut candidates = Candidates::new(sources, query, plan.k);
    for (number, source) in sources.iter().enumerate() {
        match source.vectors {
            Vectors::Tail(rows) => candidates.scan(number, source, &rows.codes, &rows.scales, query, plan.kernels),
            Vectors::Stored(segment) if plan.exactly || candidates_of(source) <= SMALL => {
                candidates.scan(number, source, segment.codes()?, segment.scales()?, query, plan.kernels);
            }
            Vectors::Stored(segment) => {
                let near = nearest_bits(segment, source.permitted.as_deref(), query, plan)?;
                let scales = segment.scales()?;
                for doc in near {
                    let dot = (plan.kernels.dot_bytes)(&query.coarse.codes, segment.code(doc)?);
                    candidates.see(dot as f32 * query.coarse.scale * scales[doc], number, doc);
                }
            }
        }
    }
    candidates.rescored(sources, query, plan)
}

fn candidates_of(source: &Source<'_>) -> usize {
    source.permitted.as_ref().map_or(source.vectors.len(), |permitted| bits::count(permitted))
}

/// How many vectors the bits pass on to the bytes.
fn kept_by_bits(docs: usize, k: usize) -> usize {
    (docs / 128).clamp(512, 4096) + k * 8
}

/// Return the documents whose bits are nearest, in no order.
fn nearest_bits(segment: &Segment, permitted: Option<&[u64]>, query: &Query, plan: Plan) -> Result<Vec<usize>> {
    let (wanted, codes) = (query.words(segment.mean()?), segment.bits()?);
    let keep = kept_by_bits(segment.docs, plan.k);
    let groups = codes.len() / (wanted.len() * GROUP);
    let mut near = Vec::with_capacity(2 * keep + GROUP);
    let (mut next, mut limit) = (0, (segment.width / WORD * WORD) as u32);
    while next < groups {
        next = (plan.kernels.scan_bits)(&wanted, codes, next, limit, &mut near);
        near.retain(|&entry| {
            let doc = entry as u32 as usize;
            doc < segment.docs && permitted.is_none_or(|bits| bits::get(bits, doc))
        });
        if near.len() > keep {
            let worst = *near.select_nth_unstable(keep - 1).1;
            near.truncate(keep);
            // Later documents that are as far as the last one kept do not displace it.
            limit = ((worst >> 32) as u32).saturating_sub(1);
        }
    }
    Ok(near.into_iter().map(|entry| entry as u32 as usize).collect())
}

/// Candidates by their coarse scores, and how far those may be off.
struct Candidates {
    slack: f32,
    found: Vec<(f32, u32, u32)>,
    leaders: Vec<f32>,
    k: usize,
    floor: f32,
}

impl Candidates {
    fn new(sources: &[Source<'_>], query: &Query, k: usize) -> Self {
        let error = sources.iter().fold(0.0_f32, |most, source| most.max(source.vectors.error()));
        let slack = error + query.coarse.error * (1.0 + error) + ROUNDING;
        Self { slack, found: Vec::new(), leaders: Vec::new(), k, floor: f32::NEG_INFINITY }
    }

    fn scan(
        &mut self,
        number: usize,
        source: &Source<'_>,
        codes: &[i8],
        scales: &[f32],
        query: &Query,
        kernels: Kernels,
    ) {
        let width = query.coarse.codes.len();
        for (doc, (row, &scale)) in codes.chunks_exact(width).zip(scales).enumerate() {
            if source.permitted.as_ref().is_some_and(|bits| !bits::get(bits, doc)) {
                continue;
            }
            let dot = (kernels.dot_bytes)(&query.coarse.codes, row);
            self.see(dot as f32 * query.coarse.scale * scale, number, doc);
        }
    }

    #[inline]
    fn see(&mut self, score: f32, number: usize, doc: usize) {
        if score >= self.floor {
            self.enter(score, number, doc);
        }
    }

    /// Whoever is within twice the slack of the k-th best coarse score may be among the best k.
    fn enter(&mut self, score: f32, number: usize, doc: usize) {
        self.found.push((score, number as u32, doc as u32));
        let at = self.leaders.partition_point(|&other| other >= score);
        if at < self.k {
            self.leaders.insert(at, score);
            self.leaders.truncate(self.k);
            if self.leaders.len() == self.k {
                self.floor = self.leaders[self.k - 1] - 2.0 * self.slack;
            }
        }
    }

    fn rescored(mut self, sources: &[Source<'_>], query: &Query, plan: Plan) -> Result<Vec<(f32, usize)>> {
        self.found.retain(|&(score, ..)| score >= self.floor);
        let enough = (2 * plan.k).max(30);
        if !plan.exactly && self.found.len() > enough && sources.iter().any(|source| candidates_of(source) > SMALL) {
            self.found.select_nth_unstable_by(enough - 1, |one, other| other.0.total_cmp(&one.0));
            self.found.truncate(enough);
        }
        let mut scored = Vec::with_capacity(self.found.len());
        for (_, number, doc) in self.found {
            let source = &sources[number as usize];
            let vector = source.vectors.exact(doc as usize, query.exact.len())?;
            scored.push((exact_score(&query.exact, vector) as f32, source.first_ordinal + doc as usize));
        }
        scored.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        scored.truncate(plan.k);
        Ok(scored)
    }
}
