//! The manifest of an index: which segments there are, which of their documents are dead, how far the owner had come.

use std::path::Path;

use crate::storage::{SectionFile, sync_folder, write_image, write_whole};
use crate::{Error, Result};

const FIXED: usize = 6;

/// What the manifest says.
pub struct Manifest {
    /// Two numbers that belong to the kind of index.
    pub own: [u64; 2],
    /// The owner's own number, as given with the last flush.
    pub mark: u64,
    pub next_key: u64,
    pub next_number: u64,
    /// Number of the file, and the dead documents.
    pub segments: Vec<(u64, Vec<u32>)>,
}

/// The name and the kind of a manifest's file.
#[derive(Clone, Copy)]
pub struct Place {
    pub name: &'static str,
    pub kind: [u8; 4],
}

impl Manifest {
    /// Write the manifest; the segments that it names are there already.
    ///
    /// # Errors
    /// As `write_whole`.
    pub fn write(&self, folder: &Path, place: Place) -> Result<()> {
        sync_folder(folder)?;
        let mut numbers = self.own.to_vec();
        numbers.extend([self.mark, self.next_key, self.next_number, self.segments.len() as u64]);
        numbers.extend(self.segments.iter().flat_map(|(number, dead)| [*number, dead.len() as u64]));
        let dead: Vec<u32> = self.segments.iter().flat_map(|(_, dead)| dead).copied().collect();
        let sections: [&[u8]; 2] = [bytemuck::cast_slice(&numbers), bytemuck::cast_slice(&dead)];
        write_whole(&folder.join(place.name), |out| write_image(out, place.kind, &sections))?;
        sync_folder(folder)
    }

    /// Read the manifest of a folder; None if it has none.
    ///
    /// # Errors
    /// As `SectionFile::open`, but for a missing file.
    pub fn read(folder: &Path, place: Place) -> Result<Option<Self>> {
        let file = match SectionFile::open(&folder.join(place.name), place.kind) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let (numbers, dead) = (file.numbers::<u64>(0)?, file.numbers::<u32>(1)?);
        Self::parse(numbers, dead).map(Some).ok_or_else(|| file.damaged("its numbers do not fit together"))
    }

    fn parse(numbers: &[u64], mut dead: &[u32]) -> Option<Self> {
        let (&[first, second, mark, next_key, next_number, count], rows) = numbers.split_first_chunk::<FIXED>()?;
        if rows.len() as u64 != count.checked_mul(2)? {
            return None;
        }
        let mut segments = Vec::new();
        for row in rows.chunks_exact(2) {
            let (mine, others) = dead.split_at_checked(usize::try_from(row[1]).ok()?)?;
            segments.push((row[0], mine.to_vec()));
            dead = others;
        }
        Some(Self { own: [first, second], mark, next_key, next_number, segments })
    }
}
