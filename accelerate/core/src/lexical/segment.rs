//! An immutable segment: who its documents are, how long they are, and the postings of every term.

use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use bitpacking::{BitPacker, BitPacker4x};

use super::list::List;
use super::postings;
use super::score::{Norms, Params};
use crate::keys::Run;
use crate::manifest::Place;
use crate::shelf::{Names, Stored};
use crate::storage::{Image, SectionFile, u32_at, u64_at, write_image};
use crate::{Error, Result};

const KIND: [u8; 4] = *b"LEX ";
const META: usize = 0;
const RUNS: usize = 1;
const CLASSES: usize = 2;
const DIRECTORY: usize = 3;
const HASHES: usize = 4;
const OFFSETS: usize = 5;
const POSTINGS: usize = 6;
const TERMS_A_BUCKET: usize = 8;

/// A segment under construction; terms come in the order of their hashes.
pub struct Builder {
    params: Params,
    norms: Norms,
    packer: BitPacker4x,
    runs: Vec<Run>,
    classes: Vec<u8>,
    total_length: u64,
    hashes: Vec<u64>,
    offsets: Vec<u32>,
    postings: Vec<u8>,
}

impl Builder {
    #[must_use]
    pub fn new(params: Params, runs: Vec<Run>, classes: Vec<u8>, total_length: u64) -> Self {
        let mean = total_length as f64 / classes.len().max(1) as f64;
        Self {
            params,
            norms: Norms::new(params, mean),
            packer: BitPacker4x::new(),
            runs,
            classes,
            total_length,
            hashes: Vec::new(),
            offsets: vec![0],
            postings: Vec::new(),
        }
    }

    /// Add a term: its documents, ascending, and how often it is in each.
    ///
    /// # Errors
    /// `Error::Argument` when the postings pass 4 GiB; the caller should have flushed long before.
    pub fn push(&mut self, hash: u64, docs: &[u32], tfs: &[u32]) -> Result<()> {
        postings::encode(docs, tfs, &self.classes, &self.norms, &self.packer, &mut self.postings);
        let end = u32::try_from(self.postings.len())
            .map_err(|_| Error::Argument("a segment holds at most 4 GiB of postings".to_owned()))?;
        self.hashes.push(hash);
        self.offsets.push(end);
        Ok(())
    }

    /// Write the image of the segment.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let bits = (self.hashes.len() / TERMS_A_BUCKET).max(1).ilog2();
        let mean = self.total_length as f64 / self.classes.len().max(1) as f64;
        let meta = [
            self.classes.len() as u64,
            self.total_length,
            u64::from(bits),
            self.params.k1.to_bits(),
            self.params.b.to_bits(),
            mean.to_bits(),
        ];
        write_image(
            out,
            KIND,
            &[
                bytemuck::cast_slice(&meta),
                bytemuck::cast_slice(&self.runs),
                &self.classes,
                bytemuck::cast_slice(&directory(&self.hashes, bits)),
                bytemuck::cast_slice(&self.hashes),
                bytemuck::cast_slice(&self.offsets),
                &self.postings,
            ],
        )
    }
}

/// Return where the hashes of each bucket (their first `bits` bits) begin, and a last entry for the end.
fn directory(hashes: &[u64], bits: u32) -> Vec<u32> {
    let mut starts = vec![0_u32; (1 << bits) + 1];
    for &hash in hashes {
        starts[bucket(hash, bits) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    starts
}

fn bucket(hash: u64, bits: u32) -> usize {
    if bits == 0 { 0 } else { (hash >> (64 - bits)) as usize }
}

/// A segment that can be searched.
pub struct Segment {
    file: SectionFile,
    pub docs: usize,
    pub total_length: u64,
    pub mean_length: f64,
    pub params: Params,
    bits: u32,
    most_class: OnceLock<u8>,
}

impl Stored for Segment {
    const NAMES: Names =
        Names { manifest: Place { name: "lexical.manifest", kind: *b"LEXM" }, ending: ".lex", lock: "lexical.lock" };

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
        if meta.len() != 48 {
            return Err(file.damaged("its first section has a wrong length"));
        }
        let number = |at: usize| u64_at(meta, at * 8);
        let segment = Self {
            docs: number(0) as usize,
            total_length: number(1),
            bits: number(2).min(63) as u32,
            params: Params { k1: f64::from_bits(number(3)), b: f64::from_bits(number(4)) },
            mean_length: f64::from_bits(number(5)),
            most_class: OnceLock::new(),
            file,
        };
        segment.check()?;
        Ok(segment)
    }

    fn check(&self) -> Result<()> {
        let runs: &[Run] = self.file.numbers(RUNS)?;
        let sound = self.file.section(CLASSES)?.len() == self.docs
            && self.docs < u32::MAX as usize
            && (self.docs == 0 || runs.first().is_some_and(|run| run.first_doc == 0))
            && self.bits < 32
            && self.file.length(DIRECTORY) == ((1 << self.bits) + 1) * 4
            && self.file.length(OFFSETS) == self.terms() * 4 + 4;
        if sound { Ok(()) } else { Err(self.file.damaged("its sections do not fit together")) }
    }

    /// Return how many terms the segment has.
    #[must_use]
    pub fn terms(&self) -> usize {
        self.file.length(HASHES) / 8
    }

    /// Return the class of length of every document.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn classes(&self) -> Result<&[u8]> {
        self.file.section(CLASSES)
    }

    /// Return the greatest class of length.
    ///
    /// # Errors
    /// As `classes`.
    pub fn most_class(&self) -> Result<u8> {
        if let Some(&known) = self.most_class.get() {
            return Ok(known);
        }
        let most = self.classes()?.iter().copied().max().unwrap_or(0);
        Ok(*self.most_class.get_or_init(|| most))
    }

    /// Return the postings of a term, or None if no document has it.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn list(&self, hash: u64) -> Result<Option<List<'_>>> {
        let at = bucket(hash, self.bits) * 4;
        let bounds = self.file.part(DIRECTORY, at..at + 8)?;
        let (start, end) = (u32_at(bounds, 0) as usize, u32_at(bounds, 4) as usize);
        let hashes = self.file.part(HASHES, start * 8..end.max(start) * 8)?;
        let found = hashes.chunks_exact(8).position(|bytes| u64_at(bytes, 0) == hash);
        found.map(|within| self.term(start + within)).transpose()
    }

    /// Return the hash of the term at a place in the order of hashes.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn hash(&self, term: usize) -> Result<u64> {
        Ok(u64_at(self.file.part(HASHES, term * 8..term * 8 + 8)?, 0))
    }

    /// Return the postings of the term at a place in the order of hashes.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    pub fn term(&self, term: usize) -> Result<List<'_>> {
        let bounds = self.file.part(OFFSETS, term * 4..term * 4 + 8)?;
        let (start, end) = (u32_at(bounds, 0) as usize, u32_at(bounds, 4) as usize);
        List::packed(self.file.part(POSTINGS, start..end)?).ok_or_else(|| self.damaged())
    }

    /// Build the error for postings that do not hold together.
    #[must_use]
    pub fn damaged(&self) -> Error {
        self.file.damaged("a list of postings is damaged")
    }

    /// Read every page.
    ///
    /// # Errors
    /// `Error::Corrupt` at the first damaged page.
    pub fn verify(&self) -> Result<()> {
        self.file.verify_all()
    }
}
