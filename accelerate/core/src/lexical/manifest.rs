//! The manifest: which segments there are, which of their documents are dead, and how far the owner had come.

use std::path::Path;

use super::score::Params;
use crate::storage::{SectionFile, write_image, write_whole};
use crate::{Error, Result};

pub const NAME: &str = "lexical.manifest";
const KIND: [u8; 4] = *b"LEXM";
const FIXED: usize = 6;

/// What the manifest says.
pub struct Manifest {
    pub params: Params,
    /// The owner's own number, as given with the last flush.
    pub mark: u64,
    pub next_key: u64,
    pub next_number: u64,
    /// Number of the file, and the dead documents.
    pub segments: Vec<(u64, Vec<u32>)>,
}

impl Manifest {
    /// Write the manifest; the segments that it names are there already.
    ///
    /// # Errors
    /// As `write_whole`.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let fixed = [self.params.k1.to_bits(), self.params.b.to_bits(), self.mark, self.next_key, self.next_number];
        let mut numbers = fixed.to_vec();
        numbers.push(self.segments.len() as u64);
        numbers.extend(self.segments.iter().flat_map(|(number, dead)| [*number, dead.len() as u64]));
        let dead: Vec<u32> = self.segments.iter().flat_map(|(_, dead)| dead).copied().collect();
        let sections: [&[u8]; 2] = [bytemuck::cast_slice(&numbers), bytemuck::cast_slice(&dead)];
        write_whole(&folder.join(NAME), |out| write_image(out, KIND, &sections))
    }

    /// Read the manifest of a folder; None if it has none.
    ///
    /// # Errors
    /// As `SectionFile::open`, but for a missing file.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(NAME);
        let file = match SectionFile::open(&path, KIND) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let (numbers, dead) = (file.numbers::<u64>(0)?, file.numbers::<u32>(1)?);
        Self::parse(numbers, dead).map(Some).ok_or_else(|| file.damaged("its numbers do not fit together"))
    }

    fn parse(numbers: &[u64], mut dead: &[u32]) -> Option<Self> {
        let (fixed, rows) = numbers.split_at_checked(FIXED)?;
        if rows.len() as u64 != fixed[5].checked_mul(2)? {
            return None;
        }
        let mut segments = Vec::new();
        for row in rows.chunks_exact(2) {
            let (mine, others) = dead.split_at_checked(usize::try_from(row[1]).ok()?)?;
            segments.push((row[0], mine.to_vec()));
            dead = others;
        }
        let params = Params { k1: f64::from_bits(fixed[0]), b: f64::from_bits(fixed[1]) };
        Some(Self { params, mark: fixed[2], next_key: fixed[3], next_number: fixed[4], segments })
    }
}
