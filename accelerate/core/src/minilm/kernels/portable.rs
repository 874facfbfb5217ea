//! The product for any processor.

use super::Rows;
use crate::minilm::cells::{PAIR, PANEL};

/// Rows that are summed at once; their sums stay in registers.
const ROWS: usize = 4;

pub fn multiply(rows: Rows<'_, f32>, panels: &[f32], product: &mut [f32]) {
    let depth = rows.checked(panels, product);
    for (number, products) in product.chunks_exact_mut(ROWS * PAIR).enumerate() {
        let each: [&[f32]; ROWS] =
            std::array::from_fn(|row| &rows.cells[(number * ROWS + row) * rows.stride..][..depth]);
        for (side, panel) in panels.chunks_exact(depth * PANEL).enumerate() {
            let mut sums = [[0.0_f32; PANEL]; ROWS];
            for (at, cells) in panel.chunks_exact(PANEL).enumerate() {
                for (sum, row) in sums.iter_mut().zip(each) {
                    sum.iter_mut().zip(cells).for_each(|(sum, &cell)| *sum = added(*sum, row[at], cell));
                }
            }
            for (onto, sum) in products.chunks_exact_mut(PAIR).zip(sums) {
                onto[side * PANEL..][..PANEL].copy_from_slice(&sum);
            }
        }
    }
}

/// Fused where that is one instruction; elsewhere it would be a call.
#[inline(always)]
fn added(sum: f32, one: f32, other: f32) -> f32 {
    match cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
        true => one.mul_add(other, sum),
        false => one * other + sum,
    }
}
