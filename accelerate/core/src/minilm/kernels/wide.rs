//! Products with AVX-512, its bfloat16, and AVX2.

use std::arch::x86_64::*;

use super::Rows;
use crate::minilm::cells::{Half, PAIR, PANEL};

/// Rows that are summed at once, so that their sums fill the registers.
const ROWS_512: usize = 8;
const ROWS_256: usize = 4;

/// Whether a product of bfloat16 takes less time than one of 32 bits. Intel's processors start one of the former in the
/// time of two of the latter (measured: 86 against 167 GFLOP/s), AMD's as many.
pub fn has_fast_halves() -> bool {
    let maker = __cpuid(0);
    [maker.ebx, maker.edx, maker.ecx].map(u32::to_le_bytes).concat() == b"AuthenticAMD"
}

pub fn multiply_512(rows: Rows<'_, f32>, panels: &[f32], product: &mut [f32]) {
    // SAFETY: `available` offers this function only where the processor has these instructions.
    unsafe { singles_512(rows, panels, product) }
}

pub fn multiply_halves(rows: Rows<'_, Half>, panels: &[Half], product: &mut [f32]) {
    // SAFETY: as above.
    unsafe { halves_512(rows, panels, product) }
}

pub fn multiply_256(rows: Rows<'_, f32>, panels: &[f32], product: &mut [f32]) {
    // SAFETY: as above.
    unsafe { singles_256(rows, panels, product) }
}

#[target_feature(enable = "avx512f")]
fn singles_512(rows: Rows<'_, f32>, panels: &[f32], product: &mut [f32]) {
    let depth = rows.checked(panels, product);
    let (first, second) = panels.split_at(depth * PANEL);
    for (number, products) in product.chunks_exact_mut(ROWS_512 * PAIR).enumerate() {
        let left = rows.cells[number * ROWS_512 * rows.stride..].as_ptr();
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS_512];
        for at in 0..depth {
            // SAFETY: both panels have `depth` times 16 numbers; unaligned loads may start anywhere.
            let (one, other) = unsafe {
                (_mm512_loadu_ps(first.as_ptr().add(at * PANEL)), _mm512_loadu_ps(second.as_ptr().add(at * PANEL)))
            };
            for (row, sum) in sums.iter_mut().enumerate() {
                // SAFETY: `checked`: every row has `depth` cells in its memory.
                let cell = _mm512_set1_ps(unsafe { *left.add(row * rows.stride + at) });
                *sum = [_mm512_fmadd_ps(cell, one, sum[0]), _mm512_fmadd_ps(cell, other, sum[1])];
            }
        }
        for (onto, sum) in products.chunks_exact_mut(PAIR).zip(sums) {
            // SAFETY: `onto` has room for twice 16 numbers.
            unsafe {
                _mm512_storeu_ps(onto.as_mut_ptr(), sum[0]);
                _mm512_storeu_ps(onto.as_mut_ptr().add(PANEL), sum[1]);
            }
        }
    }
}

#[target_feature(enable = "avx512f")]
fn bits(vector: __m512i) -> __m512bh {
    // SAFETY: both are 64 bytes, of which any bits are a vector.
    unsafe { std::mem::transmute::<__m512i, __m512bh>(vector) }
}

#[target_feature(enable = "avx512f,avx512bf16")]
fn halves_512(rows: Rows<'_, Half>, panels: &[Half], product: &mut [f32]) {
    let depth = rows.checked(panels, product);
    let (first, second) = panels.split_at(depth * PANEL);
    for (number, products) in product.chunks_exact_mut(ROWS_512 * PAIR).enumerate() {
        let left = rows.cells[number * ROWS_512 * rows.stride..].as_ptr();
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS_512];
        for at in (0..depth).step_by(2) {
            // SAFETY: both panels have `depth` times 16 numbers of two bytes; unaligned loads may start anywhere.
            let (one, other) = unsafe {
                (
                    bits(_mm512_loadu_si512(first.as_ptr().add(at * PANEL).cast())),
                    bits(_mm512_loadu_si512(second.as_ptr().add(at * PANEL).cast())),
                )
            };
            for (row, sum) in sums.iter_mut().enumerate() {
                // SAFETY: `checked`: every row has `depth` cells in its memory, an even number.
                let two = unsafe { left.add(row * rows.stride + at).cast::<i32>().read_unaligned() };
                let cells = bits(_mm512_set1_epi32(two));
                *sum = [_mm512_dpbf16_ps(sum[0], cells, one), _mm512_dpbf16_ps(sum[1], cells, other)];
            }
        }
        for (onto, sum) in products.chunks_exact_mut(PAIR).zip(sums) {
            // SAFETY: `onto` has room for twice 16 numbers.
            unsafe {
                _mm512_storeu_ps(onto.as_mut_ptr(), sum[0]);
                _mm512_storeu_ps(onto.as_mut_ptr().add(PANEL), sum[1]);
            }
        }
    }
}

#[target_feature(enable = "avx2,fma")]
fn singles_256(rows: Rows<'_, f32>, panels: &[f32], product: &mut [f32]) {
    let depth = rows.checked(panels, product);
    for (number, products) in product.chunks_exact_mut(ROWS_256 * PAIR).enumerate() {
        let left = rows.cells[number * ROWS_256 * rows.stride..].as_ptr();
        for (side, panel) in panels.chunks_exact(depth * PANEL).enumerate() {
            let mut sums = [[_mm256_setzero_ps(); 2]; ROWS_256];
            for at in 0..depth {
                // SAFETY: the panel has `depth` times 16 numbers; unaligned loads may start anywhere.
                let (one, other) = unsafe {
                    let cells = panel.as_ptr().add(at * PANEL);
                    (_mm256_loadu_ps(cells), _mm256_loadu_ps(cells.add(PANEL / 2)))
                };
                for (row, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: `checked`: every row has `depth` cells in its memory.
                    let cell = _mm256_set1_ps(unsafe { *left.add(row * rows.stride + at) });
                    *sum = [_mm256_fmadd_ps(cell, one, sum[0]), _mm256_fmadd_ps(cell, other, sum[1])];
                }
            }
            for (onto, sum) in products.chunks_exact_mut(PAIR).zip(sums) {
                let onto = &mut onto[side * PANEL..][..PANEL];
                // SAFETY: `onto` has room for 16 numbers.
                unsafe {
                    _mm256_storeu_ps(onto.as_mut_ptr(), sum[0]);
                    _mm256_storeu_ps(onto.as_mut_ptr().add(PANEL / 2), sum[1]);
                }
            }
        }
    }
}
