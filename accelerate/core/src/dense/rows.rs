//! Vectors in three precisions: as given (normalized), as bytes, as bits.

use super::rotate::{Rotation, WORD};

/// Codes of eight vectors lie together, word by word, so that one instruction handles a word of all eight.
pub const GROUP: usize = 8;

/// Return the vector at length 1; a vector of zeros stays.
#[must_use]
pub fn normalized(vector: &[f32]) -> Vec<f32> {
    let mut found = Vec::with_capacity(vector.len());
    push_normalized(vector, &mut found);
    found
}

#[inline(always)]
fn push_normalized(vector: &[f32], onto: &mut Vec<f32>) {
    let norm = exact_score(vector, vector).sqrt();
    let scale = if norm > 0.0 { 1.0 / norm } else { 0.0 };
    onto.extend(vector.iter().map(|&value| (f64::from(value) * scale) as f32));
}

/// A vector as bytes: `value ≈ code · scale`, off by a vector no longer than `error`.
pub struct Coarse {
    pub codes: Vec<i8>,
    pub scale: f32,
    pub error: f32,
}

/// Added to a number of less than 2²², it leaves the nearest whole number (even, if there are two) in the last bits:
/// what `round_ties_even` gives, in one instruction that every processor has for several numbers at once.
const ROUNDS: f32 = 12_582_912.0;

/// Append the bytes of a rotated vector; return their scale and error.
#[inline(always)]
fn push_coarse(rotated: &[f32], onto: &mut Vec<i8>) -> (f32, f32) {
    let greatest = rotated.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let scale = if greatest > 0.0 { greatest / 127.0 } else { 1.0 };
    let start = onto.len();
    onto.extend(rotated.iter().map(|value| (value / scale + ROUNDS).to_bits() as i8));
    let mut sums = [0.0_f64; WORD];
    for (values, codes) in rotated.chunks_exact(WORD).zip(onto[start..].chunks_exact(WORD)) {
        for at in 0..WORD {
            let off = f64::from(values[at]) - f64::from(codes[at]) * f64::from(scale);
            sums[at] += off * off;
        }
    }
    (scale, sums.iter().sum::<f64>().sqrt() as f32)
}

/// Return the bits of a rotated vector: whether it is above the mean in each dimension.
pub fn bit_words<'a>(rotated: &'a [f32], mean: &'a [f32]) -> impl Iterator<Item = u64> + 'a {
    rotated.chunks_exact(WORD).zip(mean.chunks_exact(WORD)).map(|(values, means)| {
        values.iter().zip(means).enumerate().fold(0, |word, (at, (value, mean))| word | u64::from(value > mean) << at)
    })
}

/// Vectors in memory, as given and as bytes.
#[derive(Default)]
pub struct Rows {
    pub exact: Vec<f32>,
    pub codes: Vec<i8>,
    pub scales: Vec<f32>,
    /// The greatest `Coarse::error`.
    pub error: f32,
}

impl Rows {
    /// Make room for so many vectors more.
    pub fn reserve(&mut self, vectors: usize, rotation: &Rotation, dimension: usize) {
        self.exact.reserve(vectors * dimension);
        self.codes.reserve(vectors * rotation.width());
        self.scales.reserve(vectors);
    }

    /// Append a vector, normalized. All this is done with the widest instructions that there are: additions and products
    /// in the same order give the same bits with all of them.
    pub fn push(&mut self, vector: &[f32], rotation: &Rotation, room: &mut Vec<f32>) {
        widest(|| {
            push_normalized(vector, &mut self.exact);
            self.push_last(vector.len(), rotation, room);
        });
    }

    /// Append a vector that is normalized already, so that it stays the same to the bit.
    pub fn push_as_is(&mut self, vector: &[f32], rotation: &Rotation, room: &mut Vec<f32>) {
        widest(|| {
            self.exact.extend_from_slice(vector);
            self.push_last(vector.len(), rotation, room);
        });
    }

    #[inline(always)]
    fn push_last(&mut self, dimension: usize, rotation: &Rotation, room: &mut Vec<f32>) {
        room.resize(rotation.width(), 0.0);
        rotation.apply(&self.exact[self.exact.len() - dimension..], room);
        let (scale, error) = push_coarse(room, &mut self.codes);
        self.scales.push(scale);
        self.error = self.error.max(error);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Rotate a vector into `room` and make it coarse.
#[must_use]
pub fn made_coarse(vector: &[f32], rotation: &Rotation, room: &mut [f32]) -> Coarse {
    let mut codes = Vec::with_capacity(rotation.width());
    let (scale, error) = widest(|| {
        rotation.apply(vector, room);
        push_coarse(room, &mut codes)
    });
    Coarse { codes, scale, error }
}

/// Do something compiled for the widest instructions of this processor; what is to gain by it must be inlined.
#[inline(always)]
pub fn widest<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn wide<R>(work: impl FnOnce() -> R) -> R {
            work()
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has these instructions.
            return unsafe { wide(work) };
        }
    }
    work()
}

/// Return the exact score of two normalized vectors: eight sums in 64 bits, then those; the same on every machine.
#[must_use]
#[inline(always)]
pub fn exact_score(one: &[f32], other: &[f32]) -> f64 {
    let mut sums = [0.0_f64; 8];
    let (ones, others) = (one.chunks_exact(8), other.chunks_exact(8));
    let rest: f64 = ones.remainder().iter().zip(others.remainder()).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    for (a, b) in ones.zip(others) {
        for at in 0..8 {
            sums[at] += f64::from(a[at]) * f64::from(b[at]);
        }
    }
    sums.iter().sum::<f64>() + rest
}
