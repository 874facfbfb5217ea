//! The weights of a model, out of a file of safetensors.
//!
//! Every number of the architecture but that of the heads is read off the shapes. The rows of the vocabulary stay in
//! the file, because a text needs few of them; everything else is packed for the kernels.

use std::ops::Range;

use safetensors::{Dtype, SafeTensors};

use super::cells::{BLOCK, Cell};
use super::numbers::Norm;
use super::packed::Linear;
use crate::{Error, Result};

/// The bytes of a file, in memory or mapped.
pub type Bytes = Box<dyn AsRef<[u8]> + Send + Sync>;

pub struct Layer<T> {
    pub seen: Linear<T>,
    pub mixed: Linear<T>,
    pub mixed_norm: Norm,
    pub wide: Linear<T>,
    pub narrow: Linear<T>,
    pub narrow_norm: Norm,
}

pub struct Weights<T> {
    pub width: usize,
    pub positions: Vec<f32>,
    pub norm: Norm,
    pub layers: Vec<Layer<T>>,
    bytes: Bytes,
    words: Range<usize>,
}

impl<T: Cell> Weights<T> {
    /// Read and pack.
    ///
    /// # Errors
    /// `Corrupt` for a file that is cut short, or whose tensors are missing, of another type or of shapes that do not
    /// fit each other or the kernels.
    pub fn parse(bytes: Bytes) -> Result<Self> {
        let all = (*bytes).as_ref();
        let tensors = SafeTensors::deserialize(all).map_err(|problem| Error::corrupt(problem.to_string()))?;
        let file = Tensors(tensors);
        let words = file.cells("embeddings.word_embeddings.weight", &[None, None])?;
        let width = words.shape[1];
        if width == 0 || !width.is_multiple_of(BLOCK) {
            return Err(Error::corrupt(format!("rows of {width} numbers, which is no multiple of {BLOCK}")));
        }
        // The second kind of text, the answer to a question, is nothing that is embedded.
        let mut positions = file.numbers("embeddings.position_embeddings.weight", &[None, Some(width)])?;
        let kinds = file.numbers("embeddings.token_type_embeddings.weight", &[None, Some(width)])?;
        let kind = kinds.get(..width).ok_or_else(|| Error::corrupt("no kind of text"))?;
        for row in positions.chunks_exact_mut(width) {
            row.iter_mut().zip(kind).for_each(|(cell, more)| *cell += more);
        }
        let norm = file.norm("embeddings.LayerNorm", width)?;
        let count = (0..).take_while(|number| file.has(&format!("encoder.layer.{number}.output.dense.weight")));
        let layers = count.map(|number| file.layer(&format!("encoder.layer.{number}."), width));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        let start = words.bytes.as_ptr().addr() - all.as_ptr().addr();
        let words = start..start + words.bytes.len();
        Ok(Self { width, positions, norm, layers, words, bytes })
    }

    /// Return how many pieces have a row.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.words.len() / 4 / self.width
    }

    /// Return the numbers of a piece.
    pub fn word(&self, piece: u32) -> impl Iterator<Item = f32> {
        let start = self.words.start + piece as usize * self.width * 4;
        numbers(&(*self.bytes).as_ref()[start..start + self.width * 4])
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().expect("four bytes")))
}

/// The numbers of one tensor.
struct Cells<'a> {
    shape: Vec<usize>,
    bytes: &'a [u8],
}

struct Tensors<'a>(SafeTensors<'a>);

impl<'a> Tensors<'a> {
    fn has(&self, name: &str) -> bool {
        self.0.tensor(name).is_ok()
    }

    /// Return a tensor of 32-bit floats whose sides are as long as `shape` says, where it says.
    fn cells(&self, name: &str, shape: &[Option<usize>]) -> Result<Cells<'a>> {
        let found = self.0.tensor(name).map_err(|_| Error::corrupt(format!("there is no tensor {name}")))?;
        let fits = found.shape().len() == shape.len()
            && found.shape().iter().zip(shape).all(|(&side, wanted)| wanted.is_none_or(|wanted| wanted == side));
        if !fits || found.dtype() != Dtype::F32 {
            return Err(Error::corrupt(format!("{name} is {:?} {:?}", found.dtype(), found.shape())));
        }
        Ok(Cells { shape: found.shape().to_vec(), bytes: found.data() })
    }

    fn numbers(&self, name: &str, shape: &[Option<usize>]) -> Result<Vec<f32>> {
        Ok(numbers(self.cells(name, shape)?.bytes).collect())
    }

    fn norm(&self, name: &str, width: usize) -> Result<Norm> {
        let part = |part: &str| self.numbers(&format!("{name}.{part}"), &[Some(width)]);
        Ok(Norm { scale: part("weight")?, shift: part("bias")? })
    }

    /// Pack the weights of one or several maps from `depth` to `columns` numbers side by side.
    fn linear<T: Cell>(&self, names: &[String], depth: usize, columns: usize) -> Result<Linear<T>> {
        let weights = names.iter().map(|name| self.cells(&format!("{name}.weight"), &[Some(columns), Some(depth)]));
        let weights = weights.map(|cells| Ok(cells?.bytes)).collect::<Result<Vec<_>>>()?;
        let bias = names.iter().map(|name| self.numbers(&format!("{name}.bias"), &[Some(columns)]));
        let bias = bias.collect::<Result<Vec<_>>>()?.concat();
        Ok(Linear::packed(&weights, depth, bias))
    }

    fn layer<T: Cell>(&self, name: &str, width: usize) -> Result<Layer<T>> {
        let wide = self.cells(&format!("{name}intermediate.dense.weight"), &[None, Some(width)])?.shape[0];
        if wide == 0 || !wide.is_multiple_of(BLOCK) {
            return Err(Error::corrupt(format!("{wide} wide, which is no multiple of {BLOCK}")));
        }
        let seen = ["query", "key", "value"].map(|part| format!("{name}attention.self.{part}"));
        Ok(Layer {
            seen: self.linear(&seen, width, width)?,
            mixed: self.linear(&[format!("{name}attention.output.dense")], width, width)?,
            mixed_norm: self.norm(&format!("{name}attention.output.LayerNorm"), width)?,
            wide: self.linear(&[format!("{name}intermediate.dense")], width, wide)?,
            narrow: self.linear(&[format!("{name}output.dense")], wide, width)?,
            narrow_norm: self.norm(&format!("{name}output.LayerNorm"), width)?,
        })
    }
}
