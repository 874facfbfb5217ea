//! Vectors in three precisions: as given (normalized), as bytes, as bits.

use super::rotate::{Rotation, WORD};
use crate::simd::widest;

/// The bits of so many vectors lie together, byte by byte, so that one instruction handles a byte of all of them.
pub const GROUP: usize = 64;
/// Sums and maxima are taken in so many lanes, in one order on every machine.
const LANES: usize = 16;

/// Return the vector at length 1; a vector of zeros stays. None if a number is not finite.
#[must_use]
pub fn normalized(vector: &[f32]) -> Option<Vec<f32>> {
    let mut found = Vec::with_capacity(vector.len());
    push_normalized(vector, &mut found).then_some(found)
}

/// Append the vector at length 1, or nothing: say whether all its numbers are finite.
#[inline(always)]
fn push_normalized(vector: &[f32], onto: &mut Vec<f32>) -> bool {
    // Squares of 32-bit numbers are far from the greatest of 64 bits: a sum that is not finite has such a number in it.
    let norm = score(vector, vector).sqrt();
    let scale = if norm > 0.0 { 1.0 / norm } else { 0.0 };
    if norm.is_finite() {
        onto.extend(vector.iter().map(|&value| (f64::from(value) * scale) as f32));
    }
    norm.is_finite()
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
    let mut most = [0.0_f32; LANES];
    for values in rotated.as_chunks::<LANES>().0 {
        for at in 0..LANES {
            // Not `max`, which minds numbers that are not finite and is several instructions for it.
            most[at] = if values[at].abs() > most[at] { values[at].abs() } else { most[at] };
        }
    }
    let greatest = most.into_iter().fold(0.0_f32, f32::max);
    let (scale, inverse) = if greatest > 0.0 { (greatest / 127.0, 127.0 / greatest) } else { (1.0, 1.0) };
    let start = onto.len();
    onto.extend(rotated.iter().map(|value| (value * inverse + ROUNDS).to_bits() as i8));
    let mut sums = [0.0_f32; LANES];
    for (values, codes) in rotated.as_chunks::<LANES>().0.iter().zip(onto[start..].as_chunks::<LANES>().0) {
        for at in 0..LANES {
            let off = values[at] - f32::from(codes[at]) * scale;
            sums[at] += off * off;
        }
    }
    (scale, sums.iter().sum::<f32>().sqrt())
}

/// Return the bits of a rotated vector: whether it is above the mean in each dimension.
#[inline(always)]
pub fn bit_bytes<'a>(rotated: &'a [f32], mean: &'a [f32]) -> impl Iterator<Item = u8> + 'a {
    rotated.as_chunks::<WORD>().0.iter().zip(mean.as_chunks::<WORD>().0).flat_map(|(values, means)| {
        let mut above = [0_u8; WORD];
        for at in 0..WORD {
            above[at] = u8::from(values[at] > means[at]);
        }
        let mut bytes = [0; WORD / 8];
        bytes.iter_mut().zip(above.as_chunks::<8>().0).for_each(|(byte, eight)| *byte = gathered(*eight));
        bytes
    })
}

/// Return eight bytes of 0 or 1 as the bits of one: the product carries each to a place of its own on top.
#[inline(always)]
fn gathered(eight: [u8; 8]) -> u8 {
    (u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
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

    /// Append vectors, normalized, and say whether all their numbers are finite; if not, some may have been appended.
    /// All this is done with the widest instructions that there are: additions and products in the same order give the
    /// same bits with all of them.
    pub fn push(&mut self, vectors: &[f32], dimension: usize, rotation: &Rotation, room: &mut [f32]) -> bool {
        push_all(self, vectors, dimension, rotation, room)
    }

    /// Append a vector of other rows, whose `error` is known.
    pub fn push_made(&mut self, exact: &[f32], codes: &[i8], scale: f32, error: f32) {
        self.exact.extend_from_slice(exact);
        self.codes.extend_from_slice(codes);
        self.scales.push(scale);
        self.error = self.error.max(error);
    }

    /// Append all vectors of other rows.
    pub fn append(&mut self, other: Self) {
        if self.len() == 0 {
            *self = other;
            return;
        }
        self.exact.extend_from_slice(&other.exact);
        self.codes.extend_from_slice(&other.codes);
        self.scales.extend_from_slice(&other.scales);
        self.error = self.error.max(other.error);
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.scales.len()
    }
}

widest! {
    fn push_all(
        rows: &mut Rows, vectors: &[f32], dimension: usize, rotation: &Rotation, room: &mut [f32]
    ) -> bool {
        for vector in vectors.chunks_exact(dimension) {
            if !push_normalized(vector, &mut rows.exact) {
                return false;
            }
            rotation.apply(&rows.exact[rows.exact.len() - dimension..], room);
            let (scale, error) = push_coarse(room, &mut rows.codes);
            rows.scales.push(scale);
            rows.error = rows.error.max(error);
        }
        true
    }
}

widest! {
    /// Rotate a vector into `room` and make it coarse.
    pub fn made_coarse(vector: &[f32], rotation: &Rotation, room: &mut [f32]) -> Coarse {
        let mut codes = Vec::with_capacity(rotation.width());
        rotation.apply(vector, room);
        let (scale, error) = push_coarse(room, &mut codes);
        Coarse { codes, scale, error }
    }
}

widest! {
    /// Return the exact score of two normalized vectors; the same on every machine.
    pub fn exact_score(one: &[f32], other: &[f32]) -> f64 {
        score(one, other)
    }
}

/// Sixteen sums in 64 bits, then those.
#[inline(always)]
fn score(one: &[f32], other: &[f32]) -> f64 {
    let mut sums = [0.0_f64; LANES];
    let ((ones, one_rest), (others, other_rest)) = (one.as_chunks::<LANES>(), other.as_chunks::<LANES>());
    let rest: f64 = one_rest.iter().zip(other_rest).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    for (a, b) in ones.iter().zip(others) {
        for at in 0..LANES {
            sums[at] += f64::from(a[at]) * f64::from(b[at]);
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_bit_says_whether_a_number_is_above_the_mean(values in prop::collection::vec(-2_i8..2, 3 * WORD)) {
            let rotated: Vec<f32> = values.iter().map(|&value| f32::from(value)).collect();
            let bytes: Vec<u8> = bit_bytes(&rotated, &vec![0.0; 3 * WORD]).collect();
            for (at, &value) in values.iter().enumerate() {
                prop_assert_eq!(bytes[at / 8] >> (at % 8) & 1 == 1, value > 0);
            }
        }

        #[test]
        fn bytes_are_no_farther_than_they_say(vector in prop::collection::vec(-1.0_f32..1.0, 2 * WORD)) {
            let mut codes = Vec::new();
            let (scale, error) = push_coarse(&vector, &mut codes);
            let off: f32 = vector.iter().zip(&codes).map(|(value, &code)| (value - f32::from(code) * scale).powi(2)).sum();
            prop_assert!(off.sqrt() <= error + 1e-6 && error <= scale * 6.0);
        }
    }
}
