//! An immutable segment of vectors, in three precisions.

use std::io::Write;
use std::path::Path;

use super::rotate::WORD;
use super::rows::{GROUP, Rows, bit_bytes};
use crate::Result;
use crate::keys::Run;
use crate::manifest::Place;
use crate::shelf::{Names, Stored};
use crate::simd::widest;
use crate::storage::{Image, SectionFile, soon, u64_at, write_image};

const KIND: [u8; 4] = *b"VEC ";
const META: usize = 0;
const RUNS: usize = 1;
const BITS: usize = 2;
const CODES: usize = 3;
const SCALES: usize = 4;
const EXACT: usize = 5;

/// Vectors out of which the mean is taken: enough to tell which half of them a number is in.
const SAMPLE: usize = 8192;

/// Write a segment of these rows.
///
/// # Errors
/// What `out` says.
pub fn write(rows: &Rows, runs: &[Run], width: usize, dimension: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let bits = bits_of(rows, &mean_of(rows, width));
    let meta = [rows.len() as u64, dimension as u64, u64::from(rows.error.to_bits())];
    write_image(
        out,
        KIND,
        &[
            bytemuck::cast_slice(&meta),
            bytemuck::cast_slice(runs),
            &bits,
            bytemuck::cast_slice(&rows.codes),
            bytemuck::cast_slice(&rows.scales),
            bytemuck::cast_slice(&rows.exact),
        ],
    )
}

widest! {
    fn mean_of(rows: &Rows, width: usize) -> Vec<f32> {
        let (mut sums, mut seen) = (vec![0.0_f64; width], 0_u32);
        let step = rows.len().div_ceil(SAMPLE).max(1);
        for (codes, &scale) in rows.codes.chunks_exact(width).zip(&rows.scales).step_by(step) {
            sums.iter_mut().zip(codes).for_each(|(sum, &code)| *sum += f64::from(code) * f64::from(scale));
            seen += 1;
        }
        sums.iter().map(|sum| (sum / f64::from(seen.max(1))) as f32).collect()
    }
}

widest! {
    fn bits_of(rows: &Rows, mean: &[f32]) -> Vec<u8> {
        let bytes = mean.len() / 8;
        let mut bits = vec![0; rows.len().div_ceil(GROUP) * GROUP * bytes];
        let mut rotated = vec![0.0; mean.len()];
        for (number, (codes, &scale)) in rows.codes.chunks_exact(mean.len()).zip(&rows.scales).enumerate() {
            rotated.iter_mut().zip(codes).for_each(|(value, &code)| *value = f32::from(code) * scale);
            let group = number / GROUP * GROUP * bytes;
            for (byte, value) in bit_bytes(&rotated, mean).enumerate() {
                bits[group + byte * GROUP + number % GROUP] = value;
            }
        }
        bits
    }
}

/// Where the vectors of a segment are.
enum Parts {
    File(SectionFile),
    Memory { rows: Rows, runs: Vec<Run>, bits: Vec<u8> },
}

/// A segment that can be searched.
pub struct Segment {
    parts: Parts,
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
        match &self.parts {
            Parts::File(file) => file.numbers(RUNS),
            Parts::Memory { runs, .. } => Ok(runs),
        }
    }

    fn bytes(&self) -> usize {
        match &self.parts {
            Parts::File(file) => file.total(),
            Parts::Memory { rows, runs, bits } => {
                rows.codes.len() + (rows.exact.len() + rows.len()) * 4 + bits.len() + size_of_val(&runs[..])
            }
        }
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
            && fits(SCALES, docs, 4)
            && fits(CODES, docs, width)
            && fits(EXACT, docs, dimension * 4)
            && fits(BITS, docs.div_ceil(GROUP) * GROUP, width / 8)
            && (docs == 0 || file.numbers::<Run>(RUNS)?.first().is_some_and(|run| run.first_doc == 0));
        if !sound {
            return Err(file.damaged("its sections do not fit together"));
        }
        Ok(Self { parts: Parts::File(file), docs, dimension, width, error })
    }

    /// Make a segment that stays in memory out of rows, which stay where they are.
    #[must_use]
    pub fn kept(rows: Rows, runs: Vec<Run>, width: usize, dimension: usize) -> Self {
        let bits = bits_of(&rows, &mean_of(&rows, width));
        let (docs, error) = (rows.len(), rows.error);
        Self { parts: Parts::Memory { rows, runs, bits }, docs, dimension, width, error }
    }

    /// Return the bits, in groups.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn bits(&self) -> Result<&[u8]> {
        match &self.parts {
            Parts::File(file) => file.section(BITS),
            Parts::Memory { bits, .. } => Ok(bits),
        }
    }

    /// Return all bytes.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn codes(&self) -> Result<&[i8]> {
        match &self.parts {
            Parts::File(file) => file.numbers(CODES),
            Parts::Memory { rows, .. } => Ok(&rows.codes),
        }
    }

    /// Return the bytes of one vector.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    #[inline]
    pub fn code(&self, doc: usize) -> Result<&[i8]> {
        let range = doc * self.width..(doc + 1) * self.width;
        match &self.parts {
            Parts::File(file) => file.part(CODES, range).map(bytemuck::cast_slice),
            Parts::Memory { rows, .. } => Ok(&rows.codes[range]),
        }
    }

    /// Return the scales of the bytes.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn scales(&self) -> Result<&[f32]> {
        match &self.parts {
            Parts::File(file) => file.numbers(SCALES),
            Parts::Memory { rows, .. } => Ok(&rows.scales),
        }
    }

    /// Return one vector as it was given, normalized.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn exact(&self, doc: usize) -> Result<&[f32]> {
        let range = doc * self.dimension..(doc + 1) * self.dimension;
        match &self.parts {
            Parts::File(file) => bytemuck::try_cast_slice(file.part(EXACT, range.start * 4..range.end * 4)?)
                .map_err(|_| file.damaged("a vector is not where it should be")),
            Parts::Memory { rows, .. } => Ok(&rows.exact[range]),
        }
    }

    /// Ask for the bytes of a vector that is looked at soon.
    #[inline]
    pub fn code_soon(&self, doc: usize) {
        let range = doc * self.width..(doc + 1) * self.width;
        match &self.parts {
            Parts::File(file) => file.soon(CODES, range),
            Parts::Memory { rows, .. } => soon(bytemuck::cast_slice(&rows.codes[range])),
        }
    }

    /// Ask for a vector that is looked at soon.
    #[inline]
    pub fn exact_soon(&self, doc: usize) {
        let range = doc * self.dimension..(doc + 1) * self.dimension;
        match &self.parts {
            Parts::File(file) => file.soon(EXACT, range.start * 4..range.end * 4),
            Parts::Memory { rows, .. } => soon(bytemuck::cast_slice(&rows.exact[range])),
        }
    }

    /// Read every page.
    ///
    /// # Errors
    /// `Error::Corrupt` at the first damaged page.
    pub fn verify(&self) -> Result<()> {
        match &self.parts {
            Parts::File(file) => file.verify_all(),
            Parts::Memory { .. } => Ok(()),
        }
    }
}
