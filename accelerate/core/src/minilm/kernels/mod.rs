//! Products of matrices, for the processor at hand: AMX, AVX-512 with or without bfloat16, AVX2, or portable code (which
//! is NEON on ARM, where the compiler uses it).
//!
//! 1. The right side is packed once into panels of `PANEL` columns; see `packed`. A product is `PAIR` columns wide.
//! 2. Each number is one sum in the order of the depth, whatever the other rows are: a row's result does not depend on
//!    what it is computed with.
//! 3. Kernels of bfloat16 sum in 32 bits; what goes in is rounded to 8 bits of precision.

mod portable;
#[cfg(target_arch = "x86_64")]
mod tiles;
#[cfg(target_arch = "x86_64")]
mod wide;

use super::cells::{BLOCK, Cell, Half, PAIR};

/// Rows of the left side: `blocks` times `BLOCK` of them, `stride` cells from each to the next.
#[derive(Clone, Copy)]
pub struct Rows<'a, T> {
    pub cells: &'a [T],
    pub stride: usize,
    pub blocks: usize,
}

/// Multiply rows with a pair of panels, and put the results into `product`, rows of `PAIR` numbers.
pub type Multiply<T> = fn(rows: Rows<'_, T>, panels: &[T], product: &mut [f32]);

/// The kernel of one kind of processor.
#[derive(Clone, Copy)]
pub enum Kernel {
    Single(Multiply<f32>),
    Half(Multiply<Half>),
}

/// Return the kernels that this processor can run, by name, best first.
#[must_use]
pub fn available() -> Vec<(&'static str, Kernel)> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if tiles::are_there() {
            found.push(("amx", Kernel::Half(tiles::multiply)));
        }
        if is_x86_feature_detected!("avx512f") {
            let halves = ("avx512bf16", Kernel::Half(wide::multiply_halves as Multiply<Half>));
            let singles = ("avx512", Kernel::Single(wide::multiply_512 as Multiply<f32>));
            match (is_x86_feature_detected!("avx512bf16"), wide::has_fast_halves()) {
                (true, true) => found.extend([halves, singles]),
                (true, false) => found.extend([singles, halves]),
                (false, _) => found.push(singles),
            }
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            found.push(("avx2", Kernel::Single(wide::multiply_256)));
        }
    }
    found.push(("portable", Kernel::Single(portable::multiply)));
    found
}

impl<T: Cell> Rows<'_, T> {
    /// Return the depth of a product.
    ///
    /// # Panics
    /// If a row, a panel or the product lies outside of its memory: what the kernels rely on.
    #[inline]
    fn checked(&self, panels: &[T], product: &[f32]) -> usize {
        let (rows, depth) = (self.blocks * BLOCK, panels.len() / PAIR);
        assert!(depth.is_multiple_of(BLOCK) && panels.len() == depth * PAIR, "a depth of whole blocks");
        assert!(product.len() == rows * PAIR, "a product of whole rows");
        assert!(rows == 0 || (rows - 1) * self.stride + depth <= self.cells.len(), "rows in their memory");
        depth
    }
}
