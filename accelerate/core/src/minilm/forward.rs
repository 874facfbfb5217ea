//! The way of some texts through the layers, their rows one after the other.
//!
//! 1. Products of weights take all rows together; attention looks at one text at a time.
//! 2. What a text's rows become depends on nothing but these rows; see `kernels`.

use super::cells::{BLOCK, Cell, PAIR};
use super::kernels::{Multiply, Rows};
use super::numbers::{Norm, add_bias_and_gate, add_columns, normalize, weigh};
use super::packed::{Linear, pack_depth, pack_rows};
use super::weights::{Layer, Weights};

/// What is added where there is no bias.
const NOTHING: [f32; PAIR] = [0.0; PAIR];

/// A model: weights, in how many parts attention looks at a row, and what multiplies.
pub struct Encoder<T> {
    pub weights: Weights<T>,
    pub heads: usize,
    pub multiply: Multiply<T>,
}

/// Rows of texts on their way; all of them in whole blocks, with one block more that attention may read.
struct Way<T> {
    blocks: usize,
    states: Vec<f32>,
    given: Vec<T>,
    seen: Vec<T>,
    mixed: Vec<T>,
    wide: Vec<T>,
    product: Vec<f32>,
}

impl<T: Cell> Encoder<T> {
    /// Return a vector of length 1 for each text, of which the pieces are given: at least one, and no more than the
    /// model has positions.
    pub fn embed(&self, texts: &[Vec<u32>]) -> Vec<f32> {
        let width = self.weights.width;
        let mut way = self.start(texts);
        let mut space = Attention::default();
        for layer in &self.weights.layers {
            self.pass(layer, texts, &mut way, &mut space);
        }
        let mut rows = vec![0.0; texts.len() * width];
        let mut states = way.states.as_slice();
        for (text, row) in texts.iter().zip(rows.chunks_exact_mut(width)) {
            let (mine, rest) = states.split_at(text.len() * width);
            mean(mine, row);
            states = rest;
        }
        rows
    }

    fn start(&self, texts: &[Vec<u32>]) -> Way<T> {
        let width = self.weights.width;
        let count: usize = texts.iter().map(Vec::len).sum();
        let blocks = count.div_ceil(BLOCK);
        let rows = (blocks + 1) * BLOCK;
        let wide = self.weights.layers.iter().map(|layer| layer.wide.columns()).max().unwrap_or(0);
        let mut way = Way {
            blocks,
            states: vec![0.0; rows * width],
            given: vec![T::default(); rows * width],
            seen: vec![T::default(); rows * 3 * width],
            mixed: vec![T::default(); rows * width],
            wide: vec![T::default(); rows * wide],
            product: vec![0.0; blocks * BLOCK * PAIR],
        };
        let places = texts.iter().flat_map(|text| text.iter().zip(self.weights.positions.chunks_exact(width)));
        for ((&piece, position), row) in places.zip(way.states.chunks_exact_mut(width)) {
            let word = self.weights.word(piece);
            row.iter_mut().zip(position).zip(word).for_each(|((cell, &place), word)| *cell = word + place);
        }
        normalize_all(&mut way.states, &mut way.given, &self.weights.norm, blocks * BLOCK);
        way
    }

    fn pass(&self, layer: &Layer<T>, texts: &[Vec<u32>], way: &mut Way<T>, space: &mut Attention<T>) {
        let (width, rows) = (self.weights.width, way.blocks * BLOCK);
        let seen = &mut way.seen;
        self.each_product(&layer.seen, &way.given, way.blocks, &mut way.product, |at, product, bias| {
            T::put(product, bias, &mut seen[at..], 3 * width);
        });
        self.attend(texts, &way.seen, &mut way.mixed, space);
        let states = &mut way.states;
        self.each_product(&layer.mixed, &way.mixed, way.blocks, &mut way.product, |at, product, bias| {
            add_columns(product, bias, &mut states[at..], width);
        });
        normalize_all(states, &mut way.given, &layer.mixed_norm, rows);
        let (wide, columns) = (&mut way.wide, layer.wide.columns());
        self.each_product(&layer.wide, &way.given, way.blocks, &mut way.product, |at, product, bias| {
            add_bias_and_gate(product, bias);
            T::put(product, &NOTHING, &mut wide[at..], columns);
        });
        self.each_product(&layer.narrow, &way.wide, way.blocks, &mut way.product, |at, product, bias| {
            add_columns(product, bias, &mut states[at..], width);
        });
        normalize_all(states, &mut way.given, &layer.narrow_norm, rows);
    }

    /// Multiply rows with weights, and hand on each product with its first column and what is to be added.
    fn each_product(
        &self,
        linear: &Linear<T>,
        cells: &[T],
        blocks: usize,
        product: &mut [f32],
        mut done: impl FnMut(usize, &mut [f32], &[f32]),
    ) {
        for (number, (panels, bias)) in linear.products().enumerate() {
            (self.multiply)(Rows { cells, stride: panels.len() / PAIR, blocks }, panels, product);
            done(number * PAIR, product, bias);
        }
    }

    fn attend(&self, texts: &[Vec<u32>], seen: &[T], mixed: &mut [T], space: &mut Attention<T>) {
        let width = self.weights.width;
        let mut start = 0;
        for text in texts {
            for head in 0..self.heads {
                let at = head * (width / self.heads);
                self.attend_once(&seen[start * 3 * width + at..], &mut mixed[start * width + at..], text.len(), space);
            }
            start += text.len();
        }
    }

    /// Let the rows of one text look at each other with one head, whose first column `seen` and `mixed` begin at.
    fn attend_once(&self, seen: &[T], mixed: &mut [T], count: usize, space: &mut Attention<T>) {
        let (width, part) = (self.weights.width, self.weights.width / self.heads);
        let (blocks, stride) = (count.div_ceil(BLOCK), 3 * width);
        let padded = blocks * BLOCK;
        space.fit(padded, part);
        let column = |from: usize| seen[from..].chunks(stride).take(count);
        pack_rows(column(width).map(|row| &row[..part]), part, &mut space.keys);
        let queries = Rows { cells: seen, stride, blocks };
        for (number, panels) in space.keys.chunks_exact(PAIR * part).enumerate() {
            (self.multiply)(queries, panels, &mut space.product);
            f32::put(&space.product, &NOTHING, &mut space.scores[number * PAIR..], padded);
        }
        let scale = (part as f32).sqrt().recip();
        for (scores, weights) in
            space.scores.chunks_exact_mut(padded).zip(space.weights.chunks_exact_mut(padded)).take(count)
        {
            weigh(&mut scores[..count], scale);
            weights[..count].iter_mut().zip(&*scores).for_each(|(onto, &score)| *onto = T::rounded(score));
        }
        let weights = Rows { cells: &space.weights, stride: padded, blocks };
        for at in (0..part).step_by(PAIR) {
            pack_depth(column(2 * width + at).map(|row| &row[..PAIR]), padded, &mut space.values);
            (self.multiply)(weights, &space.values, &mut space.product);
            T::put(&space.product[..count * PAIR], &NOTHING, &mut mixed[at..], width);
        }
    }
}

/// What attention needs room for, kept from text to text.
#[derive(Default)]
struct Attention<T> {
    keys: Vec<T>,
    values: Vec<T>,
    scores: Vec<f32>,
    weights: Vec<T>,
    product: Vec<f32>,
}

impl<T: Cell> Attention<T> {
    fn fit(&mut self, rows: usize, part: usize) {
        self.keys.resize(rows * part, T::default());
        self.values.resize(rows * PAIR, T::default());
        self.scores.resize(rows * rows, 0.0);
        self.weights.clear();
        self.weights.resize(rows * rows, T::default());
        self.product.resize(rows * PAIR, 0.0);
    }
}

fn normalize_all<T: Cell>(states: &mut [f32], given: &mut [T], norm: &Norm, rows: usize) {
    let width = norm.scale.len();
    for (row, onto) in states.chunks_exact_mut(width).zip(given.chunks_exact_mut(width)).take(rows) {
        normalize(row, norm);
        onto.iter_mut().zip(&*row).for_each(|(cell, &value)| *cell = T::rounded(value));
    }
}

/// Bring the mean of rows to length 1.
fn mean(states: &[f32], row: &mut [f32]) {
    for state in states.chunks_exact(row.len()) {
        row.iter_mut().zip(state).for_each(|(sum, cell)| *sum += cell);
    }
    let length = row.iter().map(|&cell| f64::from(cell) * f64::from(cell)).sum::<f64>().sqrt();
    if length > 0.0 {
        row.iter_mut().for_each(|cell| *cell = (f64::from(*cell) / length) as f32);
    }
}
