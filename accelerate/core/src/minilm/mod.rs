//! A small BERT whose states' mean is the vector of a text: all-MiniLM-L6-v2, from the files that its authors publish.
//!
//! 1. A text's vector depends on nothing but the text and the kernel: not on the texts beside it, not on threads.
//! 2. Kernels of bfloat16 give a cosine of more than 0.999 to those of 32-bit floats; these agree to 1e-5.
//! 3. A file is read by whatever it says of itself; what does not fit together is an error and never a crash.

mod cells;
mod forward;
mod kernels;
mod numbers;
mod packed;
mod pieces;
mod weights;

use std::fs::File;
use std::path::Path;

use memmap2::Mmap;
use rayon::prelude::*;

use self::cells::{BLOCK, Cell};
use self::forward::Encoder;
use self::kernels::{Kernel, Multiply};
use self::pieces::Vocabulary;
use self::weights::{Bytes, Weights};
use crate::{Error, Result};

/// Pieces of a text that count, with its frame.
const LONGEST: usize = 256;
/// Rows that go through the layers together: enough to fetch each weight seldom, few enough for a core's cache.
const TOGETHER: usize = 512;

/// A model that was read.
pub struct MiniLm {
    vocabulary: Vocabulary,
    encoder: Box<dyn Encode>,
    kernel: &'static str,
    dimension: usize,
    longest: usize,
}

trait Encode: Send + Sync {
    fn embed(&self, texts: &[Vec<u32>]) -> Vec<f32>;
}

impl<T: Cell> Encode for Encoder<T> {
    fn embed(&self, texts: &[Vec<u32>]) -> Vec<f32> {
        Encoder::embed(self, texts)
    }
}

/// Return the names of the kernels that this processor can run, best first.
#[must_use]
pub fn kernels() -> Vec<&'static str> {
    kernels::available().into_iter().map(|(name, _)| name).collect()
}

impl MiniLm {
    /// Read `vocab.txt` and `model.safetensors` of a folder. `kernel` is one of `kernels()`, the best if None.
    ///
    /// # Errors
    /// `Io`; `Corrupt` for a file that is not what it should be; `Argument` for another kernel.
    pub fn open(folder: &Path, heads: usize, kernel: Option<&str>) -> Result<Self> {
        let (words, weights) = (folder.join("vocab.txt"), folder.join("model.safetensors"));
        let at = |file: &Path| {
            let file = file.to_path_buf();
            move |source| Error::Io { file, source }
        };
        let lines = std::fs::read(&words).map_err(at(&words))?;
        let file = File::open(&weights).map_err(at(&weights))?;
        // SAFETY: the file belongs to an installed package, which is replaced and not written into while it is in use.
        let map = unsafe { Mmap::map(&file) }.map_err(at(&weights))?;
        Self::parse(Box::new(map), &lines, heads, kernel).map_err(|problem| problem.in_file(&weights))
    }

    /// Take a model whose files are in memory.
    ///
    /// # Errors
    /// As `open`, but `Io`.
    pub fn parse(weights: Bytes, words: &[u8], heads: usize, kernel: Option<&str>) -> Result<Self> {
        let chosen = kernels::available().into_iter().find(|(name, _)| kernel.is_none_or(|wanted| wanted == *name));
        match chosen.ok_or_else(|| Error::Argument(format!("no kernel {kernel:?} here, but {:?}", kernels())))? {
            (name, Kernel::Single(multiply)) => Self::with(weights, words, heads, (name, multiply)),
            (name, Kernel::Half(multiply)) => Self::with(weights, words, heads, (name, multiply)),
        }
    }

    fn with<T: Cell>(
        weights: Bytes,
        words: &[u8],
        heads: usize,
        (kernel, multiply): (&'static str, Multiply<T>),
    ) -> Result<Self> {
        let lines = std::str::from_utf8(words).map_err(|_| Error::corrupt("the vocabulary is no text"))?;
        let weights = Weights::<T>::parse(weights)?;
        let (dimension, longest) = (weights.width, LONGEST.min(weights.positions.len() / weights.width));
        if heads == 0 || !dimension.is_multiple_of(heads * BLOCK) {
            return Err(Error::corrupt(format!(
                "{heads} heads do not share {dimension} numbers in multiples of {BLOCK}"
            )));
        }
        if longest < 3 {
            return Err(Error::corrupt("there are no positions for the pieces of a text"));
        }
        let vocabulary = Vocabulary::parse(lines, weights.rows())?;
        Ok(Self { vocabulary, encoder: Box::new(Encoder { weights, heads, multiply }), kernel, dimension, longest })
    }

    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Return the name of the kernel that multiplies.
    #[must_use]
    pub fn kernel(&self) -> &'static str {
        self.kernel
    }

    /// Return the numbers of a text's pieces.
    #[must_use]
    pub fn pieces(&self, text: &str) -> Vec<u32> {
        self.vocabulary.pieces(text, self.longest)
    }

    /// Return the vectors of texts, row after row; of zeros for a text without pieces.
    #[must_use]
    pub fn embed(&self, texts: &[&str]) -> Vec<f32> {
        let pieces: Vec<Vec<u32>> = texts.par_iter().with_min_len(8).map(|text| self.pieces(text)).collect();
        let (places, said): (Vec<usize>, Vec<Vec<u32>>) =
            pieces.into_iter().enumerate().filter(|(_, pieces)| pieces.len() > 2).unzip();
        let found: Vec<Vec<f32>> = groups(&said).into_par_iter().map(|group| self.encoder.embed(group)).collect();
        let mut rows = vec![0.0; texts.len() * self.dimension];
        for (place, row) in places.into_iter().zip(found.iter().flat_map(|rows| rows.chunks_exact(self.dimension))) {
            rows[place * self.dimension..][..self.dimension].copy_from_slice(row);
        }
        rows
    }
}

/// Cut texts into groups that go through the layers together, at least one for each thread.
fn groups(texts: &[Vec<u32>]) -> Vec<&[Vec<u32>]> {
    let all: usize = texts.iter().map(Vec::len).sum();
    let most = TOGETHER.min(all.div_ceil(rayon::current_num_threads()));
    let (mut found, mut rest) = (Vec::new(), texts);
    while !rest.is_empty() {
        let mut rows = 0;
        let fitting = rest
            .iter()
            .take_while(|text| {
                rows += text.len();
                rows <= most
            })
            .count();
        let (group, after) = rest.split_at(fitting.max(1));
        found.push(group);
        rest = after;
    }
    found
}
