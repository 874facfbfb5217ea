//! A rotation that spreads what a vector says over all of its dimensions.

/// Dimensions come in multiples of this: the bits of one word.
pub const WORD: usize = 64;

/// A fixed rotation of vectors of one dimension.
pub struct Rotation {
    signs: [Vec<f32>; 4],
    span: usize,
}

impl Rotation {
    /// Return the rotation for a dimension, which is filled up to whole words.
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        let width = dimension.next_multiple_of(WORD);
        let sign = |at: usize, round: u64| if mixed((at as u64) << 2 | round) & 1 == 0 { 1.0 } else { -1.0 };
        let signs = [0, 1, 2, 3].map(|round| (0..width).map(|at| sign(at, round)).collect());
        Self { signs, span: 1 << width.ilog2() }
    }

    /// Return how many dimensions come out.
    #[must_use]
    pub fn width(&self) -> usize {
        self.signs[0].len()
    }

    /// Rotate a vector into `out`, which has `width` places.
    #[inline(always)]
    pub fn apply(&self, vector: &[f32], out: &mut [f32]) {
        out[..vector.len()].copy_from_slice(vector);
        out[vector.len()..].fill(0.0);
        // Spans at both ends reach every dimension when the width is no power of two.
        let rounds = if self.span == self.width() { 2 } else { 4 };
        for round in 0..rounds {
            out.iter_mut().zip(&self.signs[round]).for_each(|(value, sign)| *value *= sign);
            let start = if round % 2 == 0 { 0 } else { out.len() - self.span };
            hadamard(&mut out[start..start + self.span]);
        }
    }
}

/// The finalizer of SplitMix64.
fn mixed(value: u64) -> u64 {
    let mut value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The stages inside eight neighbours, as straight code: as loops they would be too short for wide instructions.
#[inline(always)]
fn first_three(values: &mut [f32; 8]) {
    let [a, b, c, d, e, f, g, h] = *values;
    let [a, b, c, d, e, f, g, h] = [a + b, a - b, c + d, c - d, e + f, e - f, g + h, g - h];
    let [a, b, c, d, e, f, g, h] = [a + c, b + d, a - c, b - d, e + g, f + h, e - g, f - h];
    *values = [a + e, b + f, c + g, d + h, a - e, b - f, c - g, d - h];
}

#[inline(always)]
fn hadamard(values: &mut [f32]) {
    let (eights, _) = values.as_chunks_mut::<8>();
    eights.iter_mut().for_each(first_three);
    let mut half = 8;
    // Two stages at once: half as often to memory and back.
    while 2 * half < values.len() {
        for four in values.chunks_exact_mut(4 * half) {
            let (low, high) = four.split_at_mut(2 * half);
            let ((first, second), (third, fourth)) = (low.split_at_mut(half), high.split_at_mut(half));
            for (((a, b), c), d) in first.iter_mut().zip(second).zip(third).zip(fourth) {
                let (sums, differences) = ((*a + *b, *c + *d), (*a - *b, *c - *d));
                (*a, *c) = (sums.0 + sums.1, sums.0 - sums.1);
                (*b, *d) = (differences.0 + differences.1, differences.0 - differences.1);
            }
        }
        half *= 4;
    }
    if half < values.len() {
        let (low, high) = values.split_at_mut(half);
        for (one, other) in low.iter_mut().zip(high) {
            (*one, *other) = (*one + *other, *one - *other);
        }
    }
    let scale = 1.0 / (values.len() as f32).sqrt();
    values.iter_mut().for_each(|value| *value *= scale);
}
