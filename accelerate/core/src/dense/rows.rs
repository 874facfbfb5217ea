//! Vectors in three precisions: as given (normalized), as bytes, as bits.

use super::rotate::{Rotation, WORD};

/// Codes of eight vectors lie together, word by word, so that one instruction handles a word of all eight.
pub const GROUP: usize = 8;

/// Return the vector at length 1; a vector of zeros stays.
#[must_use]
#[inline(always)]
pub fn normalized(vector: &[f32]) -> Vec<f32> {
    let norm = vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt();
    let scale = if norm > 0.0 { 1.0 / norm } else { 0.0 };
    vector.iter().map(|&value| (f64::from(value) * scale) as f32).collect()
}

/// A vector as bytes: `value ≈ code · scale`, off by a vector no longer than `error`.
pub struct Coarse {
    pub codes: Vec<i8>,
    pub scale: f32,
    pub error: f32,
}

/// Make a rotated vector coarse.
#[must_use]
#[inline(always)]
pub fn coarse(rotated: &[f32]) -> Coarse {
    let greatest = rotated.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let scale = if greatest > 0.0 { greatest / 127.0 } else { 1.0 };
    let codes: Vec<i8> = rotated.iter().map(|value| (value / scale).round_ties_even() as i8).collect();
    let square = |(&value, &code): (&f32, &i8)| (f64::from(value) - f64::from(code) * f64::from(scale)).powi(2);
    let error = rotated.iter().zip(&codes).map(square).sum::<f64>().sqrt() as f32;
    Coarse { codes, scale, error }
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
    /// Append a vector, normalized.
    pub fn push(&mut self, vector: &[f32], rotation: &Rotation, room: &mut Vec<f32>) {
        self.push_as_is(&normalized(vector), rotation, room);
    }

    /// Append a vector that is normalized already, so that it stays the same to the bit.
    pub fn push_as_is(&mut self, vector: &[f32], rotation: &Rotation, room: &mut Vec<f32>) {
        room.resize(rotation.width(), 0.0);
        let made = made_coarse(vector, rotation, room);
        self.exact.extend_from_slice(vector);
        self.codes.extend_from_slice(&made.codes);
        self.scales.push(made.scale);
        self.error = self.error.max(made.error);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.scales.len()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Rotate a vector into `room` and make it coarse, with the widest instructions that there are: additions and products
/// in the same order give the same bits with all of them.
#[must_use]
pub fn made_coarse(vector: &[f32], rotation: &Rotation, room: &mut [f32]) -> Coarse {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn wide(vector: &[f32], rotation: &Rotation, room: &mut [f32]) -> Coarse {
            rotation.apply(vector, room);
            coarse(room)
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has these instructions.
            return unsafe { wide(vector, rotation, room) };
        }
    }
    rotation.apply(vector, room);
    coarse(room)
}

/// Return the exact score of two normalized vectors: eight sums in 64 bits, then those; the same on every machine.
#[must_use]
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
