//! An immutable segment of vectors, in three precisions.

use std::io::Write;
use std::path::Path;

use super::rotate::{Rotation, WORD};
use super::rows::{GROUP, Rows, bit_words, widest};
use crate::keys::Run;
use crate::manifest::Place;
use crate::shelf::{Names, Stored};
use crate::storage::{Image, SectionFile, u64_at, write_image};
use crate::{Error, Result};

const KIND: [u8; 4] = *b"VEC ";
const META: usize = 0;
const RUNS: usize = 1;
const MEAN: usize = 2;
const BITS: usize = 3;
const CODES: usize = 4;
const SCALES: usize = 5;
const EXACT: usize = 6;

/// Write a segment of these rows.
///
/// # Errors
/// What `out` says.
pub fn write(
    rows: &Rows,
    runs: &[Run],
    rotation: &Rotation,
    dimension: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mean = widest(|| mean_of(rows, rotation.width()));
    let bits = widest(|| bits_of(rows, &mean));
    let meta = [rows.len() as u64, dimension as u64, u64::from(rows.error.to_bits())];
    write_image(
        out,
        KIND,
        &[
            bytemuck::cast_slice(&meta),
            bytemuck::cast_slice(runs),
            bytemuck::cast_slice(&mean),
            bytemuck::cast_slice(&bits),
            bytemuck::cast_slice(&rows.codes),
            bytemuck::cast_slice(&rows.scales),
            bytemuck::cast_slice(&rows.exact),
        ],
    )
}

#[inline(always)]
fn mean_of(rows: &Rows, width: usize) -> Vec<f32> {
    let mut sums = vec![0.0_f64; width];
    for (codes, &scale) in rows.codes.chunks_exact(width).zip(&rows.scales) {
        sums.iter_mut().zip(codes).for_each(|(sum, &code)| *sum += f64::from(code) * f64::from(scale));
    }
    sums.iter().map(|sum| (sum / rows.len().max(1) as f64) as f32).collect()
}

#[inline(always)]
fn bits_of(rows: &Rows, mean: &[f32]) -> Vec<u64> {
    let words = mean.len() / WORD;
    let mut bits = vec![u64::MAX; rows.len().div_ceil(GROUP) * GROUP * words];
    let mut rotated = vec![0.0; mean.len()];
    for (number, (codes, &scale)) in rows.codes.chunks_exact(mean.len()).zip(&rows.scales).enumerate() {
        rotated.iter_mut().zip(codes).for_each(|(value, &code)| *value = f32::from(code) * scale);
        let group = number / GROUP * GROUP * words;
        for (word, value) in bit_words(&rotated, mean).enumerate() {
            bits[group + word * GROUP + number % GROUP] = value;
        }
    }
    bits
}

/// A segment that can be searched.
pub struct Segment {
    file: SectionFile,
    pub docs: usize,
    pub dimension: usize,
    pub width: usize,
    /// No vector is farther than this from its bytes.
    pub error: f32,
}

impl Stored for Segment {
    const NAMES: Names =
        Names { manifest: Place { name: "dense.manifest", kind: *b"VECM" }, ending: ".vec", lock: "dense.lock" };

    fn open(path: &Path) -> Result<Self> {
        Self::over(SectionFile::open(path, KIND)?)
    }

    fn in_memory(image: Image) -> Result<Self> {
        Self::over(SectionFile::in_memory(image, KIND)?)
    }

    fn docs(&self) -> usize {
        self.docs
    }

    fn runs(&self) -> Result<&[Run]> {
        self.file.numbers(RUNS)
    }

    fn bytes(&self) -> usize {
        self.file.total()
    }
}

impl Segment {
    fn over(file: SectionFile) -> Result<Self> {
        let meta = file.section(META)?;
        if meta.len() != 24 {
            return Err(file.damaged("its first section has a wrong length"));
        }
        let (docs, dimension) = (u64_at(meta, 0) as usize, u64_at(meta, 8) as usize);
        let error = f32::from_bits(u64_at(meta, 16) as u32);
        let width = dimension.next_multiple_of(WORD);
        let fits = |section: usize, entries: usize, size: usize| {
            entries.checked_mul(size).is_some_and(|bytes| bytes == file.length(section))
        };
        let sound = docs < u32::MAX as usize
            && fits(MEAN, width, 4)
            && fits(SCALES, docs, 4)
            && fits(CODES, docs, width)
            && fits(EXACT, docs, dimension * 4)
            && fits(BITS, docs.div_ceil(GROUP) * GROUP, width / 8)
            && (docs == 0 || file.numbers::<Run>(RUNS)?.first().is_some_and(|run| run.first_doc == 0));
        if !sound {
            return Err(file.damaged("its sections do not fit together"));
        }
        Ok(Self { file, docs, dimension, width, error })
    }

    /// Return the mean of the rotated vectors.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn mean(&self) -> Result<&[f32]> {
        self.file.numbers(MEAN)
    }

    /// Return the bits, in groups.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn bits(&self) -> Result<&[u64]> {
        self.file.numbers(BITS)
    }

    /// Return all bytes.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn codes(&self) -> Result<&[i8]> {
        self.file.numbers(CODES)
    }

    /// Return the bytes of one vector.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    #[inline]
    pub fn code(&self, doc: usize) -> Result<&[i8]> {
        self.file.part(CODES, doc * self.width..(doc + 1) * self.width).map(bytemuck::cast_slice)
    }

    /// Return the scales of the bytes.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn scales(&self) -> Result<&[f32]> {
        self.file.numbers(SCALES)
    }

    /// Return one vector as it was given, normalized.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn exact(&self, doc: usize) -> Result<&[f32]> {
        let row = self.dimension * 4;
        let bytes = self.file.part(EXACT, doc * row..(doc + 1) * row)?;
        bytemuck::try_cast_slice(bytes).map_err(|_| Error::corrupt("a vector is not where it should be"))
    }

    /// Read every page.
    ///
    /// # Errors
    /// `Error::Corrupt` at the first damaged page.
    pub fn verify(&self) -> Result<()> {
        self.file.verify_all()
    }
}
