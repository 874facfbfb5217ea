//! The right side of a product, packed for the kernels.
//!
//! Columns come in panels of 16: for each step of the depth one number of each column (32-bit floats), or two that
//! follow each other (bfloat16). Two panels in turn make the width of a product.

use rayon::prelude::*;

use super::cells::{Cell, PAIR, PANEL};

/// A matrix of weights, packed, and what is added to its products.
pub struct Linear<T> {
    depth: usize,
    panels: Vec<T>,
    bias: Vec<f32>,
}

impl<T: Cell> Linear<T> {
    /// Pack weights as files have them: for each column of the product `depth` numbers of four bytes, little endian.
    /// `depth` and the number of columns are multiples of 32.
    pub fn packed(columns: &[&[u8]], depth: usize, bias: Vec<f32>) -> Self {
        let mut panels = vec![T::default(); bias.len() * depth];
        let sources: Vec<&[u8]> = columns.iter().flat_map(|part| part.chunks_exact(PANEL * depth * 4)).collect();
        panels.par_chunks_mut(PANEL * depth).zip(sources).for_each(|(panel, source)| {
            for (step, onto) in panel.chunks_exact_mut(PANEL * T::TOGETHER).enumerate() {
                for (place, cell) in onto.iter_mut().enumerate() {
                    let number = place / T::TOGETHER * depth + step * T::TOGETHER + place % T::TOGETHER;
                    let bytes = source[number * 4..number * 4 + 4].try_into().expect("four bytes");
                    *cell = T::rounded(f32::from_le_bytes(bytes));
                }
            }
        });
        Self { depth, panels, bias }
    }

    /// Return the panels of each product, with what is added to it.
    pub fn products(&self) -> impl Iterator<Item = (&[T], &[f32])> {
        self.panels.chunks_exact(PAIR * self.depth).zip(self.bias.chunks_exact(PAIR))
    }

    #[must_use]
    pub fn columns(&self) -> usize {
        self.bias.len()
    }
}

/// Pack rows as the columns of a product: the product is then of each row on the left with each row here. `panels` has
/// room for whole pairs of panels; what no row fills is zero.
pub fn pack_rows<'a, T: Cell>(rows: impl Iterator<Item = &'a [T]>, depth: usize, panels: &mut [T]) {
    panels.fill(T::default());
    for (column, row) in rows.enumerate() {
        let panel = &mut panels[column / PANEL * PANEL * depth..][..PANEL * depth];
        let steps = panel.chunks_exact_mut(PANEL * T::TOGETHER);
        for (onto, cells) in steps.zip(row.chunks_exact(T::TOGETHER)) {
            onto[column % PANEL * T::TOGETHER..][..T::TOGETHER].copy_from_slice(cells);
        }
    }
}

/// Pack rows as the depth of a product, `PAIR` columns wide. `panels` has room for `depth` rows; those that are missing
/// are zero.
pub fn pack_depth<'a, T: Cell>(rows: impl Iterator<Item = &'a [T]>, depth: usize, panels: &mut [T]) {
    panels.fill(T::default());
    let (first, second) = panels.split_at_mut(PANEL * depth);
    for (number, row) in rows.enumerate() {
        for (panel, cells) in [&mut *first, &mut *second].into_iter().zip(row.chunks_exact(PANEL)) {
            let onto = &mut panel[number / T::TOGETHER * PANEL * T::TOGETHER..][..PANEL * T::TOGETHER];
            let places = onto.iter_mut().skip(number % T::TOGETHER).step_by(T::TOGETHER);
            places.zip(cells).for_each(|(onto, &cell)| *onto = cell);
        }
    }
}
