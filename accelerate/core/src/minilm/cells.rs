//! The numbers that are multiplied, and in what shapes they lie.

use crate::simd::widest;

/// Columns of a panel.
pub const PANEL: usize = 16;
/// Columns of a product: two panels.
pub const PAIR: usize = 2 * PANEL;
/// Rows that a product comes in, and what a depth is a multiple of.
pub const BLOCK: usize = 32;

/// A number as the kernels multiply it.
pub trait Cell: Copy + Default + Send + Sync + 'static {
    /// How many numbers of a column lie side by side in a panel.
    const TOGETHER: usize;

    fn rounded(value: f32) -> Self;

    /// Put the rows of a product, and a row more on each, into columns of rows of `stride` cells; `onto` begins at the
    /// first column.
    fn put(product: &[f32], bias: &[f32], onto: &mut [Self], stride: usize);
}

impl Cell for f32 {
    const TOGETHER: usize = 1;

    #[inline(always)]
    fn rounded(value: f32) -> Self {
        value
    }

    fn put(product: &[f32], bias: &[f32], onto: &mut [Self], stride: usize) {
        put_singles(product, bias, onto, stride);
    }
}

/// A bfloat16: the upper half of an f32.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
#[repr(transparent)]
pub struct Half(u16);

impl Cell for Half {
    const TOGETHER: usize = 2;

    /// Round to the nearest, to an even one in the middle. What is no number stays so only if its upper half says it.
    #[inline(always)]
    fn rounded(value: f32) -> Self {
        let bits = value.to_bits();
        Self((bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16) as u16)
    }

    fn put(product: &[f32], bias: &[f32], onto: &mut [Self], stride: usize) {
        put_halves(product, bias, onto, stride);
    }
}

widest! {
fn put_singles(product: &[f32], bias: &[f32], onto: &mut [f32], stride: usize) {
    put(product, bias, onto, stride);
}
}

widest! {
fn put_halves(product: &[f32], bias: &[f32], onto: &mut [Half], stride: usize) {
    put(product, bias, onto, stride);
}
}

#[inline(always)]
fn put<T: Cell>(product: &[f32], bias: &[f32], onto: &mut [T], stride: usize) {
    for (row, onto) in product.chunks_exact(PAIR).zip(onto.chunks_mut(stride)) {
        for ((cell, &value), more) in onto.iter_mut().zip(row).zip(bias) {
            *cell = T::rounded(value + more);
        }
    }
}
