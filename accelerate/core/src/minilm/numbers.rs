//! What is done to numbers between two products; compiled for the widest instructions of the processor.
//!
//! Sums go over 16 lanes in turn and then over the lanes, whatever the processor is, so that they have one order.

use super::cells::{PAIR, PANEL};
use crate::simd::widest;

/// Added and taken away again, it leaves the nearest whole number, which stands in the lowest bits in between.
const ROUNDING: f32 = 12_582_912.0;
/// What keeps the deviation of equal numbers from being zero; the model was trained with it.
const EPSILON: f32 = 1e-12;

/// What brings a row to mean 0 and deviation 1, and from there to where the model wants it.
pub struct Norm {
    pub scale: Vec<f32>,
    pub shift: Vec<f32>,
}

/// Return e to the power of a number of at most 0, within 2e-7 of it; 0 for what is below −87.
#[inline(always)]
fn exp(value: f32) -> f32 {
    let shifted = value.max(-87.0) * std::f32::consts::LOG2_E + ROUNDING;
    let whole = shifted - ROUNDING;
    // The natural logarithm of 2 in two parts, so that the rest keeps its last bits.
    let rest = value.max(-87.0) - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut sum = 1.987_569_1e-4;
    for factor in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        sum = sum * rest + factor;
    }
    let near = sum * rest * rest + rest + 1.0;
    let power = f32::from_bits(shifted.to_bits().wrapping_sub(ROUNDING.to_bits()).wrapping_add(127) << 23);
    if value < -87.0 { 0.0 } else { near * power }
}

/// Return the error function, within 5e-7. Source: the rational approximation that Eigen and XLA use.
#[inline(always)]
fn erf(value: f32) -> f32 {
    let value = value.clamp(-4.0, 4.0);
    let square = value * value;
    let mut above = -2.726_142_3e-10;
    for factor in [2.770_681_4e-8, -2.101_024e-6, -5.692_506_5e-5, -7.349_906_3e-4, -2.954_6e-3, -1.609_603_3e-2] {
        above = above * square + factor;
    }
    let mut below = -1.456_607_2e-5;
    for factor in [-2.133_740_6e-4, -1.682_827e-3, -7.373_329_2e-3, -1.426_473_9e-2] {
        below = below * square + factor;
    }
    value * above / below
}

widest! {
/// Add a row to each row of a product, and of each sum take the part that a number of a normal distribution is below it.
pub fn add_bias_and_gate(product: &mut [f32], bias: &[f32]) {
    for row in product.chunks_exact_mut(PAIR) {
        for (cell, more) in row.iter_mut().zip(bias) {
            let value = *cell + more;
            *cell = value * 0.5 * (1.0 + erf(value * std::f32::consts::FRAC_1_SQRT_2));
        }
    }
}
}

widest! {
/// Add the rows of a product, and a row more on each, to columns of rows of `stride` numbers.
pub fn add_columns(product: &[f32], bias: &[f32], onto: &mut [f32], stride: usize) {
    for (row, onto) in product.chunks_exact(PAIR).zip(onto.chunks_mut(stride)) {
        for ((cell, value), more) in onto.iter_mut().zip(row).zip(bias) {
            *cell += value + more;
        }
    }
}
}

widest! {
/// Turn scores into weights: positive, greater for a greater score, one in sum.
pub fn weigh(scores: &mut [f32], scale: f32) {
    let greatest = greatest(scores);
    for score in scores.iter_mut() {
        *score = exp((*score - greatest) * scale);
    }
    let whole = summed(scores, |cell| cell);
    scores.iter_mut().for_each(|score| *score /= whole);
}
}

widest! {
/// Bring a row to the mean and the deviation that the model wants.
pub fn normalize(row: &mut [f32], norm: &Norm) {
    let count = row.len() as f32;
    let mean = summed(row, |cell| cell) / count;
    let spread = (summed(row, |cell| (cell - mean) * (cell - mean)) / count + EPSILON).sqrt();
    for ((cell, scale), shift) in row.iter_mut().zip(&norm.scale).zip(&norm.shift) {
        *cell = (*cell - mean) / spread * scale + shift;
    }
}
}

#[inline(always)]
fn greatest(cells: &[f32]) -> f32 {
    let greater = |one: f32, other: f32| if other > one { other } else { one };
    let mut lanes = [f32::NEG_INFINITY; PANEL];
    for part in cells.chunks(PANEL) {
        lanes.iter_mut().zip(part).for_each(|(lane, &cell)| *lane = greater(*lane, cell));
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, greater)
}

#[inline(always)]
fn summed(cells: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; PANEL];
    let whole = cells.chunks_exact(PANEL);
    let rest = whole.remainder();
    for part in whole {
        lanes.iter_mut().zip(part).for_each(|(lane, &cell)| *lane += of(cell));
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, &cell)| *lane += of(cell));
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The series of the error function in 64 bits, good to 1e-13 where it is asked.
    fn series(value: f64) -> f64 {
        let (mut term, mut sum) = (value, value);
        for number in 1..120 {
            term *= -value * value / f64::from(number);
            sum += term / f64::from(2 * number + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn the_error_function_is_right_to_six_places() {
        for step in -4000..=4000 {
            let value = step as f32 / 1000.0;
            assert!((f64::from(erf(value)) - series(f64::from(value))).abs() < 1e-6, "{value}");
        }
        assert_eq!((erf(100.0), erf(-100.0)), (erf(4.0), erf(-4.0)));
    }

    #[test]
    fn powers_of_e_are_right_to_six_places() {
        for step in 0..9000 {
            let value = -step as f32 / 100.0;
            let wanted = f64::from(value).exp();
            assert!((f64::from(exp(value)) - wanted).abs() <= wanted * 1e-6 + 1e-37, "{value}");
        }
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    }

    #[test]
    fn weights_are_one_in_sum_however_many() {
        for count in 1..70 {
            let mut scores: Vec<f32> = (0..count).map(|number| (number * 7 % 13) as f32).collect();
            weigh(&mut scores, 0.5);
            assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }
}
