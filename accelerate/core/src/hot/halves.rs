//! Rows of length 1 with the precision of 16-bit floats: what a vector is after it was kept in a file.

use crate::simd::widest;

/// Below this 16-bit floats are evenly spaced, above they have 10 bits behind the first.
const SMALLEST_NORMAL: f64 = 1.0 / 16_384.0;
/// A number that is added and taken away again is rounded to multiples of 2⁻²⁴, which is that spacing.
const ROUNDS_TO_SPACING: f64 = 402_653_184.0;
const DROPPED: u32 = 42;
const LANES: usize = 8;

/// Bring rows to length 1 and round each number to the nearest 16-bit float, ties to even; rows of zeros stay.
pub fn halve(rows: &mut [f32], dimension: usize) {
    for row in rows.chunks_mut(dimension.max(1)) {
        let length = sum_of_squares(row).sqrt();
        if length > 0.0 {
            divide(row, length);
        }
    }
}

widest! {
    fn sum_of_squares(row: &[f32]) -> f64 {
        let (mut sums, eights) = ([0.0_f64; LANES], row.chunks_exact(LANES));
        let rest: f64 = eights.remainder().iter().map(|&cell| f64::from(cell) * f64::from(cell)).sum();
        for eight in eights {
            for (sum, &cell) in sums.iter_mut().zip(eight) {
                *sum += f64::from(cell) * f64::from(cell);
            }
        }
        sums.iter().sum::<f64>() + rest
    }
}

widest! {
    fn divide(row: &mut [f32], length: f64) {
        for cell in row {
            *cell = rounded(f64::from(*cell) / length);
        }
    }
}

#[inline(always)]
fn rounded(value: f64) -> f32 {
    let small = (value + ROUNDS_TO_SPACING) - ROUNDS_TO_SPACING;
    let bits = value.to_bits();
    let half = (1_u64 << (DROPPED - 1)) - 1 + ((bits >> DROPPED) & 1);
    let normal = f64::from_bits((bits + half) >> DROPPED << DROPPED);
    (if value.abs() < SMALLEST_NORMAL { small } else { normal }) as f32
}

#[cfg(test)]
mod tests {
    use super::{halve, rounded};

    const SPACING: f64 = 1.0 / 16_777_216.0;

    #[test]
    fn rounding_goes_to_the_nearest_and_at_ties_to_the_even_one() {
        let step = 1.0 / 1_024.0;
        assert_eq!(rounded(1.0 + 0.49 * step), 1.0);
        assert_eq!(rounded(1.0 + 0.5 * step), 1.0);
        assert_eq!(f64::from(rounded(1.0 + 1.5 * step)), 1.0 + 2.0 * step);
        assert_eq!(f64::from(rounded(-0.1)), -0.099_975_585_937_5);
        assert_eq!(f64::from(rounded(1.6 * SPACING)), 2.0 * SPACING);
        assert_eq!(f64::from(rounded(-2.5 * SPACING)), -2.0 * SPACING);
        assert_eq!(rounded(0.2 * SPACING), 0.0);
    }

    #[test]
    fn rows_get_the_length_of_one_and_zeros_stay() {
        let mut rows = [3.0, 4.0, 0.0, 0.0];
        halve(&mut rows, 2);
        assert_eq!(rows, [0.600_097_66, 0.799_804_7, 0.0, 0.0]);
    }
}
