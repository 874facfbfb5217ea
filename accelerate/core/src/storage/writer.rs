//! Writing: an image of sections, and whole files that appear under their name at once.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use crc32fast::Hasher;

use super::{ALIGN, FORMAT, HEADER, MAGIC, MOST_SECTIONS, PAGE};
use crate::{Error, Result};

/// Write the sections as one image: header, sections (each aligned), a checksum for every page of them.
///
/// # Errors
/// What `out` says.
///
/// # Panics
/// With more than twelve sections, which no format here has.
pub fn write_image(out: &mut dyn Write, kind: [u8; 4], sections: &[&[u8]]) -> std::io::Result<()> {
    assert!(sections.len() <= MOST_SECTIONS, "a format has at most {MOST_SECTIONS} sections");
    out.write_all(&header(kind, sections))?;
    let mut pages = Pages { out, hasher: Hasher::new(), filled: 0, sums: Vec::new() };
    for section in sections {
        pages.push(section)?;
        pages.push(&[0; ALIGN][..padding(section.len())])?;
    }
    pages.finish()
}

fn padding(length: usize) -> usize {
    length.next_multiple_of(ALIGN) - length
}

fn header(kind: [u8; 4], sections: &[&[u8]]) -> [u8; HEADER] {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&kind);
    bytes.extend_from_slice(&(sections.len() as u64).to_le_bytes());
    let mut at = HEADER as u64;
    for section in sections {
        bytes.extend_from_slice(&at.to_le_bytes());
        bytes.extend_from_slice(&(section.len() as u64).to_le_bytes());
        at += (section.len() + padding(section.len())) as u64;
    }
    bytes.resize(HEADER - 12, 0);
    bytes.extend_from_slice(&at.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes.try_into().expect("filled up to the length of a header")
}

struct Pages<'a> {
    out: &'a mut dyn Write,
    hasher: Hasher,
    filled: usize,
    sums: Vec<u32>,
}

impl Pages<'_> {
    fn push(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        self.out.write_all(bytes)?;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PAGE - self.filled));
            self.hasher.update(now);
            self.filled += now.len();
            if self.filled == PAGE {
                self.end_page();
            }
            bytes = later;
        }
        Ok(())
    }

    fn end_page(&mut self) {
        self.sums.push(std::mem::take(&mut self.hasher).finalize());
        self.filled = 0;
    }

    fn finish(mut self) -> std::io::Result<()> {
        if self.filled > 0 {
            self.end_page();
        }
        let table: &[u8] = bytemuck::cast_slice(&self.sums);
        self.out.write_all(table)?;
        self.out.write_all(&crc32fast::hash(table).to_le_bytes())
    }
}

/// What a file is called in addition while it is being written.
const PART: &str = ".part";

/// Write a file that is whole or absent after a crash at any point: beside, synced, renamed. Call `sync_folder` after
/// the last one of a group.
///
/// # Errors
/// `Error::Io` with the file that could not be written (disk full, no permission); nothing stays behind.
pub fn write_whole(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(PART);
    let beside = Path::new(&beside);
    let written = File::create(beside).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        fill(&mut out)?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(beside, path)
    });
    written.map_err(|source| {
        // The error that matters is the first one; a leftover is cleared at the next opening.
        let _ = fs::remove_file(beside);
        Error::Io { file: path.into(), source }
    })
}

/// Make the names in a folder durable.
///
/// # Errors
/// `Error::Io` when the folder cannot be synced.
pub fn sync_folder(folder: &Path) -> Result<()> {
    // Windows cannot open a folder as a file and needs no such call.
    if cfg!(unix) {
        File::open(folder)
            .and_then(|opened| opened.sync_all())
            .map_err(|source| Error::Io { file: folder.into(), source })?;
    }
    Ok(())
}

/// Remove the files with these endings, written in full or in part, that nothing names any more.
pub fn remove_stale(folder: &Path, endings: &[&str], named: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let whole = name.strip_suffix(PART).unwrap_or(name);
        if endings.iter().any(|ending| whole.ends_with(ending)) && !named(name) {
            // On Windows a reader may still have it open; the next opening tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}
