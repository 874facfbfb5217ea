//! Reading: a memory map (or bytes in memory) of sections whose pages are verified at their first use.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::Mmap;

use super::image::Image;
use super::{FORMAT, HEADER, MAGIC, MOST_SECTIONS, PAGE, soon, u32_at, u64_at};
use crate::{Error, Result};

enum Bytes {
    Mapped(Mmap),
    /// Words, because the sections are read as numbers of up to eight bytes in place.
    Owned(Vec<u64>, usize),
}

impl Bytes {
    #[inline]
    fn all(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(words, length) => &bytemuck::cast_slice(words)[..*length],
        }
    }
}

/// A file of sections.
pub struct SectionFile {
    bytes: Bytes,
    path: PathBuf,
    sections: Vec<Range<usize>>,
    end: usize,
    verified: Vec<AtomicU64>,
}

impl SectionFile {
    /// Open a file of the given kind and check its header and lengths.
    ///
    /// # Errors
    /// `Error::Io`; `Error::Newer` for a format of a later version; `Error::Corrupt` for anything else.
    pub fn open(path: &Path, kind: [u8; 4]) -> Result<Self> {
        let at_path = |source| Error::Io { file: path.into(), source };
        let file = File::open(path).map_err(at_path)?;
        // SAFETY: files with our endings are written beside and renamed, and never written to again (rule 1 of this
        // module), so the bytes do not change while they are mapped.
        let map = unsafe { Mmap::map(&file) }.map_err(at_path)?;
        Self::over(Bytes::Mapped(map), path, kind).map_err(|error| error.in_file(path))
    }

    /// Take an image in memory as if it were a file.
    ///
    /// # Errors
    /// As `open`.
    pub fn in_memory(image: Image, kind: [u8; 4]) -> Result<Self> {
        let (words, length) = image.into_words();
        Self::over(Bytes::Owned(words, length), Path::new(""), kind)
    }

    fn over(bytes: Bytes, path: &Path, kind: [u8; 4]) -> Result<Self> {
        let all = bytes.all();
        let (sections, end) = parse_header(all, kind)?;
        let pages = (end - HEADER).div_ceil(PAGE);
        if all.len() != end + pages * 4 + 4 {
            return Err(Error::corrupt("its length is not what its header says"));
        }
        let table = &all[end..all.len() - 4];
        if crc32fast::hash(table) != u32_at(all, all.len() - 4) {
            return Err(Error::corrupt("its table of checksums is damaged"));
        }
        let verified = (0..pages.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Ok(Self { path: path.into(), sections, end, verified, bytes })
    }

    /// Return how many bytes a section has; a section that is not there has none.
    #[must_use]
    pub fn length(&self, section: usize) -> usize {
        self.sections.get(section).map_or(0, ExactSizeIterator::len)
    }

    /// Return how many bytes the file has.
    #[must_use]
    pub fn total(&self) -> usize {
        self.bytes.all().len()
    }

    /// Return part of a section, verified.
    ///
    /// # Errors
    /// `Error::Corrupt` if the part is not there or one of its pages is damaged.
    #[inline]
    pub fn part(&self, section: usize, within: Range<usize>) -> Result<&[u8]> {
        let whole = self.sections.get(section).ok_or_else(|| self.damaged("a section is missing"))?;
        if within.start > within.end || within.end > whole.len() {
            return Err(self.damaged("it points outside of itself"));
        }
        let range = whole.start + within.start..whole.start + within.end;
        if range.is_empty() {
            return Ok(&[]);
        }
        for page in (range.start - HEADER) / PAGE..=(range.end - 1 - HEADER) / PAGE {
            let seen = self.verified[page / 64].load(Ordering::Relaxed);
            if seen & (1 << (page % 64)) == 0 {
                self.verify(page)?;
            }
        }
        Ok(&self.bytes.all()[range])
    }

    /// Ask for part of a section that is read soon; what is not there is not asked for.
    #[inline]
    pub fn soon(&self, section: usize, within: Range<usize>) {
        if let Some(whole) = self.sections.get(section) {
            soon(self.bytes.all().get(whole.start + within.start..whole.start + within.end).unwrap_or_default());
        }
    }

    /// Return a whole section, verified.
    ///
    /// # Errors
    /// As `part`.
    pub fn section(&self, section: usize) -> Result<&[u8]> {
        self.part(section, 0..self.length(section))
    }

    /// Return a whole section as numbers, verified.
    ///
    /// # Errors
    /// As `part`, and if the section does not consist of such numbers.
    pub fn numbers<T: bytemuck::Pod>(&self, section: usize) -> Result<&[T]> {
        let bytes = self.section(section)?;
        if bytes.is_empty() {
            // An empty slice has no address in the file, and so no alignment.
            return Ok(&[]);
        }
        bytemuck::try_cast_slice(bytes).map_err(|_| self.damaged("a section has a wrong length"))
    }

    /// Read every page.
    ///
    /// # Errors
    /// `Error::Corrupt` at the first damaged page.
    pub fn verify_all(&self) -> Result<()> {
        (0..(self.end - HEADER).div_ceil(PAGE)).try_for_each(|page| self.verify(page))
    }

    #[cold]
    fn verify(&self, page: usize) -> Result<()> {
        let all = self.bytes.all();
        let start = HEADER + page * PAGE;
        if crc32fast::hash(&all[start..(start + PAGE).min(self.end)]) != u32_at(all, self.end + page * 4) {
            return Err(self.damaged(&format!("the page at byte {start} is damaged")));
        }
        self.verified[page / 64].fetch_or(1 << (page % 64), Ordering::Relaxed);
        Ok(())
    }

    /// Build the error that says what is wrong with this file.
    #[must_use]
    pub fn damaged(&self, what: &str) -> Error {
        Error::Corrupt { file: self.path.clone(), what: what.to_owned() }
    }
}

fn parse_header(all: &[u8], kind: [u8; 4]) -> Result<(Vec<Range<usize>>, usize)> {
    if all.len() < HEADER + 4 || all[..8] != MAGIC {
        return Err(Error::corrupt("it is not a file of this index"));
    }
    let version = u32_at(all, 8);
    if version > FORMAT {
        return Err(Error::Newer { file: PathBuf::new(), version, known: FORMAT });
    }
    if crc32fast::hash(&all[..HEADER - 4]) != u32_at(all, HEADER - 4) || version != FORMAT || all[12..16] != kind {
        return Err(Error::corrupt("its header is damaged"));
    }
    let count = u64_at(all, 16) as usize;
    let end = u64_at(all, HEADER - 12) as usize;
    if count > MOST_SECTIONS || end < HEADER || end > all.len() {
        return Err(Error::corrupt("it was cut short"));
    }
    let mut sections = Vec::with_capacity(count);
    for at in (0..count).map(|number| 24 + number * 16) {
        let (start, length) = (u64_at(all, at) as usize, u64_at(all, at + 8) as usize);
        match start.checked_add(length) {
            Some(stop) if start >= HEADER && stop <= end => sections.push(start..stop),
            _ => return Err(Error::corrupt("a section lies outside of it")),
        }
    }
    Ok((sections, end))
}
