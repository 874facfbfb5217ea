//! The nearest k over segments and tail: candidates by bits (in large segments) and bytes, then exact scores.

use super::kernels::{Groups, Kernels, TOGETHER, Tables};
use super::rotate::Rotation;
use super::rows::{Coarse, GROUP, Rows, exact_score, made_coarse, normalized};
use super::segment::Segment;
use crate::{Result, bits};

/// Vectors up to which every one is compared by its bytes, so that nothing can be missed.
pub const SMALL: usize = 4096;
/// Groups of codes out of which is guessed how far the bits may be.
const SAMPLE: usize = 32;
/// The greatest number in a table, and what all numbers of a distance add up to at most: a little less than 16 bits hold,
/// because sums of 32 bits are rounded.
const MOST_OF_HALF: f32 = (255 / (2 * TOGETHER)) as f32;
const MOST_OF_ALL: f32 = 65_000.0;
/// Rows that are multiplied at once.
const BATCH: usize = 64;
/// Rows ahead that are asked for: as many as are on their way at once.
const AHEAD: usize = 16;
/// Candidates that are found at least before the first are thrown out.
const LEAST_ROOM: usize = 512;
/// What the roundings of 32-bit sums can add to the errors that are known.
const ROUNDING: f32 = 1e-5;

/// A query in three precisions.
pub struct Query {
    exact: Vec<f32>,
    rotated: Vec<f32>,
    coarse: Coarse,
}

impl Query {
    /// Make a query of a vector; None if a number is not finite.
    #[must_use]
    pub fn new(vector: &[f32], rotation: &Rotation) -> Option<Self> {
        let exact = normalized(vector)?;
        let mut rotated = vec![0.0; rotation.width()];
        let coarse = made_coarse(&exact, rotation, &mut rotated);
        Some(Self { exact, rotated, coarse })
    }

    /// Return what each half of a byte of bits adds to a distance: for every bit that is not the query's, as much as the
    /// query has there. So the query counts as it is, and only what is searched was made a bit a dimension.
    ///
    /// Source: asymmetric distances, Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", 2011;
    /// tables of sixteen bytes, André, Kermarrec and Le Scouarnec, "Cache locality is not enough", VLDB 2015.
    fn tables(&self) -> Vec<Tables> {
        let halves = self.rotated.as_chunks::<4>().0;
        let (mut greatest, mut all) = (0.0_f32, 0.0_f32);
        for half in halves {
            let most = half.iter().map(|value| value.abs()).sum::<f32>();
            (greatest, all) = (greatest.max(most), all + most);
        }
        let scale = 1.0 / (greatest / MOST_OF_HALF).max(all / MOST_OF_ALL).max(f32::MIN_POSITIVE);
        let table = |half: &[f32; 4]| {
            let parts = half.map(|value| [value.max(0.0) * scale, (-value).max(0.0) * scale]);
            std::array::from_fn(|code| (0..4).map(|at| parts[at][code >> at & 1]).sum::<f32>() as u8)
        };
        halves.as_chunks::<2>().0.iter().map(|[low, high]| [table(low), table(high)]).collect()
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

    fn code(&self, doc: usize, width: usize) -> Result<&[i8]> {
        match self {
            Self::Stored(segment) => segment.code(doc),
            Self::Tail(rows) => Ok(&rows.codes[doc * width..(doc + 1) * width]),
        }
    }

    fn codes(&self) -> Result<&[i8]> {
        match self {
            Self::Stored(segment) => segment.codes(),
            Self::Tail(rows) => Ok(&rows.codes),
        }
    }

    fn scales(&self) -> Result<&[f32]> {
        match self {
            Self::Stored(segment) => segment.scales(),
            Self::Tail(rows) => Ok(&rows.scales),
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
        match (source.vectors, &source.permitted) {
            (Vectors::Stored(segment), _) if !plan.exactly && candidates_of(source) > SMALL => {
                let near = nearest_bits(segment, source, query, plan)?;
                candidates.look_at(number, source, &near, query, plan.kernels)?;
            }
            (_, Some(permitted)) => {
                let docs: Vec<u32> = bits::ones(permitted).map(|doc| doc as u32).collect();
                let there = docs.partition_point(|&doc| (doc as usize) < source.vectors.len());
                candidates.look_at(number, source, &docs[..there], query, plan.kernels)?;
            }
            (_, None) => candidates.look_at_all(number, source, query, plan.kernels)?,
        }
    }
    candidates.rescored(sources, query, plan)
}

fn candidates_of(source: &Source<'_>) -> usize {
    source.permitted.as_ref().map_or(source.vectors.len(), |permitted| bits::count(permitted))
}

/// How many vectors the bits pass on to the bytes.
fn kept_by_bits(docs: usize, k: usize) -> usize {
    (docs / 256).clamp(512, 4096).saturating_add(k.saturating_mul(8)).min(docs)
}

/// Return the documents whose bits are nearest, in no order: about as many as are kept, and those that are as far as the
/// last.
fn nearest_bits(segment: &Segment, source: &Source<'_>, query: &Query, plan: Plan) -> Result<Vec<u32>> {
    let (wanted, codes) = (query.tables(), segment.bits()?);
    let (all, keep) = (candidates_of(source), kept_by_bits(segment.docs, plan.k));
    let mut groups = Groups { codes, step: 1, permitted: source.permitted.as_deref() };
    let (mut sample, mut near) = (Vec::with_capacity(SAMPLE * 2 * GROUP), Vec::with_capacity(keep * 2));
    groups.step = (codes.len() / (wanted.len() * GROUP * SAMPLE)).max(1);
    (plan.kernels.scan_bits)(&wanted, groups, u16::MAX, &mut sample);
    groups.step = 1;
    // The limit is to let pass rather too many: one that lets less than half of them costs another scan.
    let expected = keep as f32 * sample.len() as f32 / all as f32;
    let mut place = (expected + 3.0 * expected.sqrt()) as usize + 1;
    loop {
        let is_last = place >= sample.len();
        let limit = if is_last { u16::MAX } else { (*sample.select_nth_unstable(place).1 >> 32) as u16 };
        near.clear();
        (plan.kernels.scan_bits)(&wanted, groups, limit, &mut near);
        near.retain(|&entry| (entry as u32 as usize) < segment.docs);
        if is_last || near.len() >= keep / 2 {
            break;
        }
        place *= 2;
    }
    if near.len() > keep {
        // Not cut among those that are equally far, so that the order of the scan decides nothing.
        let worst = *near.select_nth_unstable(keep - 1).1 >> 32;
        near.retain(|&entry| entry >> 32 <= worst);
    }
    Ok(near.into_iter().map(|entry| entry as u32).collect())
}

/// Candidates by their coarse scores, and how far those may be off.
struct Candidates {
    slack: f32,
    found: Vec<(f32, u32, u32)>,
    /// How many may be found until those that have no chance any more are thrown out.
    room: usize,
    k: usize,
    floor: f32,
}

impl Candidates {
    fn new(sources: &[Source<'_>], query: &Query, k: usize) -> Self {
        let error = sources.iter().fold(0.0_f32, |most, source| most.max(source.vectors.error()));
        let slack = error + query.coarse.error * (1.0 + error) + ROUNDING;
        Self { slack, found: Vec::new(), room: LEAST_ROOM.max(k.saturating_mul(4)), k, floor: f32::NEG_INFINITY }
    }

    /// Compare every vector of a source by its bytes.
    fn look_at_all(&mut self, number: usize, source: &Source<'_>, query: &Query, kernels: Kernels) -> Result<()> {
        let (codes, scales) = (source.vectors.codes()?, source.vectors.scales()?);
        let mut dots = [0; BATCH];
        for (batch, rows) in codes.chunks(BATCH * query.coarse.codes.len()).enumerate() {
            let scales = &scales[batch * BATCH..scales.len().min((batch + 1) * BATCH)];
            (kernels.dot_bytes)(&query.coarse.codes, rows, &mut dots[..scales.len()]);
            for (at, (&dot, &scale)) in dots.iter().zip(scales).enumerate() {
                self.see(dot as f32 * query.coarse.scale * scale, number, batch * BATCH + at);
            }
        }
        Ok(())
    }

    /// Compare some vectors of a source by their bytes.
    fn look_at(
        &mut self,
        number: usize,
        source: &Source<'_>,
        docs: &[u32],
        query: &Query,
        kernels: Kernels,
    ) -> Result<()> {
        let (width, scales) = (query.coarse.codes.len(), source.vectors.scales()?);
        for (at, &doc) in docs.iter().enumerate() {
            if let (Vectors::Stored(segment), Some(&later)) = (source.vectors, docs.get(at + AHEAD)) {
                segment.code_soon(later as usize);
            }
            let mut dot = [0];
            (kernels.dot_bytes)(&query.coarse.codes, source.vectors.code(doc as usize, width)?, &mut dot);
            self.see(dot[0] as f32 * query.coarse.scale * scales[doc as usize], number, doc as usize);
        }
        Ok(())
    }

    #[inline]
    fn see(&mut self, score: f32, number: usize, doc: usize) {
        if score >= self.floor {
            self.found.push((score, number as u32, doc as u32));
            if self.found.len() >= self.room {
                self.sift();
                self.room = self.room.max(2 * self.found.len());
            }
        }
    }

    /// Keep those within twice the slack of the k-th best coarse score: they may be among the best k.
    fn sift(&mut self) {
        if self.found.len() > self.k {
            self.floor = nth_best(&mut self.found, self.k) - 2.0 * self.slack;
            self.found.retain(|&(score, ..)| score >= self.floor);
        }
    }

    fn rescored(mut self, sources: &[Source<'_>], query: &Query, plan: Plan) -> Result<Vec<(f32, usize)>> {
        self.sift();
        let enough = plan.k.saturating_add((plan.k / 2).max(20));
        if !plan.exactly && self.found.len() > enough && sources.iter().any(|source| candidates_of(source) > SMALL) {
            // Not cut among equals, as above.
            let worst = nth_best(&mut self.found, enough);
            self.found.retain(|&(score, ..)| score >= worst);
        }
        for &(_, number, doc) in &self.found {
            if let Vectors::Stored(segment) = sources[number as usize].vectors {
                segment.exact_soon(doc as usize);
            }
        }
        let mut scored = Vec::with_capacity(self.found.len());
        for (_, number, doc) in self.found {
            let source = &sources[number as usize];
            let vector = source.vectors.exact(doc as usize, query.exact.len())?;
            scored.push((exact_score(&query.exact, vector) as f32, source.first_ordinal + doc as usize));
        }
        scored.sort_unstable_by(|one, other| (other.0 + 0.0).total_cmp(&(one.0 + 0.0)).then(one.1.cmp(&other.1)));
        scored.truncate(plan.k);
        Ok(scored)
    }
}

/// Return the score of the n-th best, from 1; there are as many.
fn nth_best(found: &mut [(f32, u32, u32)], n: usize) -> f32 {
    found.select_nth_unstable_by(n - 1, |one, other| other.0.total_cmp(&one.0)).1.0
}
