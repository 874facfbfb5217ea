//! What the two kinds of index share: segments in a folder (or in memory), their dead documents and their manifest.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::keys::Run;
use crate::lock::FolderLock;
use crate::manifest::{Manifest, Place};
use crate::storage::{Image, remove_stale, write_whole};
use crate::{Result, bits, keys};

/// How the files of one kind of index are called.
pub struct Names {
    pub manifest: Place,
    pub ending: &'static str,
    pub lock: &'static str,
}

/// A segment, whatever is in it.
pub trait Stored: Sized {
    const NAMES: Names;

    /// Open a file.
    ///
    /// # Errors
    /// As `SectionFile::open`.
    fn open(path: &Path) -> Result<Self>;
    /// Take an image of a file.
    ///
    /// # Errors
    /// As `SectionFile::in_memory`.
    fn in_memory(image: Image) -> Result<Self>;
    fn docs(&self) -> usize;
    /// Return the runs of keys.
    ///
    /// # Errors
    /// `Error::Corrupt` for damaged pages.
    fn runs(&self) -> Result<&[Run]>;
    fn bytes(&self) -> usize;
}

/// A segment in its place, with its dead documents.
pub struct Placed<S> {
    pub segment: Arc<S>,
    pub number: u64,
    pub dead: Vec<u64>,
}

/// The segments of an index, oldest first.
pub struct Shelf<S> {
    pub placed: Vec<Placed<S>>,
    pub next_key: u64,
    pub next_number: u64,
    pub mark: u64,
}

impl<S> Default for Shelf<S> {
    fn default() -> Self {
        Self { placed: Vec::new(), next_key: 0, next_number: 0, mark: 0 }
    }
}

impl<S: Stored> Shelf<S> {
    /// Mark a document as dead. None if no segment has it; else whether it was alive.
    ///
    /// # Errors
    /// `Error::Corrupt` for a damaged segment.
    pub fn delete(&mut self, key: u64) -> Result<Option<bool>> {
        for placed in &mut self.placed {
            if let Some(doc) = keys::doc(placed.segment.runs()?, placed.segment.docs(), key) {
                return Ok(Some(bits::set(&mut placed.dead, doc as usize)));
            }
        }
        Ok(None)
    }

    #[must_use]
    pub fn docs(&self) -> usize {
        self.placed.iter().map(|placed| placed.segment.docs()).sum()
    }

    #[must_use]
    pub fn dead(&self) -> usize {
        self.placed.iter().map(|placed| bits::count(&placed.dead)).sum()
    }

    #[must_use]
    pub fn bytes(&self) -> usize {
        self.placed.iter().map(|placed| placed.segment.bytes()).sum()
    }

    /// Put a new segment behind all others.
    pub fn push(&mut self, segment: S, dead: Vec<u64>) {
        self.placed.push(Placed { segment: Arc::new(segment), number: self.next_number, dead });
        self.next_number += 1;
    }

    /// Take a number for a segment that will come.
    pub fn reserve(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number - 1
    }

    /// Put one segment in the place of several. `maps` says what the number of each document is now.
    pub fn replace(&mut self, start: usize, maps: &[Vec<u32>], segment: S, number: u64) -> Vec<u64> {
        let mut dead = Vec::new();
        for (placed, map) in self.placed[start..start + maps.len()].iter().zip(maps) {
            for doc in bits::ones(&placed.dead).filter(|&doc| map[doc] != keys::GONE) {
                bits::set(&mut dead, map[doc] as usize);
            }
        }
        let one = Placed { segment: Arc::new(segment), number, dead };
        self.placed.splice(start..start + maps.len(), [one]).map(|placed| placed.number).collect()
    }

    /// Find the key of the document that is `doc`-th over all segments; Err holds how far it is beyond them.
    ///
    /// # Errors
    /// `Error::Corrupt` for a damaged segment.
    pub fn key(&self, mut doc: usize) -> Result<std::result::Result<u64, u32>> {
        for placed in &self.placed {
            if doc < placed.segment.docs() {
                return Ok(Ok(keys::of(placed.segment.runs()?, doc as u32)));
            }
            doc -= placed.segment.docs();
        }
        Ok(Err(doc as u32))
    }

    /// Return where the cheapest neighbours start that are to be merged, if there are many segments.
    #[must_use]
    pub fn cheapest(&self, width: usize) -> Option<usize> {
        let sizes: Vec<usize> = self.placed.iter().map(|placed| placed.segment.bytes()).collect();
        let cost = |&start: &usize| sizes[start..start + width].iter().sum::<usize>();
        if sizes.len() < 2 * width { None } else { (0..=sizes.len() - width).min_by_key(cost) }
    }
}

/// Where the files of an index are: a folder that is locked, or nowhere.
pub struct Home {
    folder: Option<PathBuf>,
    _lock: Option<FolderLock>,
}

impl Home {
    #[must_use]
    pub fn in_memory() -> Self {
        Self { folder: None, _lock: None }
    }

    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        self.folder.is_none()
    }

    /// Lock a folder and remove what an index left there.
    ///
    /// # Errors
    /// As `FolderLock::take`.
    pub fn create<S: Stored>(folder: &Path) -> Result<Self> {
        let lock = FolderLock::take(folder, S::NAMES.lock)?;
        // The manifest first: what it names must not go before it.
        remove_stale(folder, &[S::NAMES.manifest.name], |_| false);
        remove_stale(folder, &[S::NAMES.ending], |_| false);
        Ok(Self { folder: Some(folder.into()), _lock: Some(lock) })
    }

    /// Lock a folder and read what its manifest names, with the manifest's own two numbers; None for a new index.
    ///
    /// # Errors
    /// `Error::Locked`, `Error::Corrupt`, `Error::Newer`, `Error::Io`.
    #[expect(clippy::type_complexity, reason = "three parts that are taken apart at once")]
    pub fn open<S: Stored>(folder: &Path) -> Result<(Self, Option<(Shelf<S>, [u64; 2])>)> {
        let lock = FolderLock::take(folder, S::NAMES.lock)?;
        let home = Self { folder: Some(folder.into()), _lock: Some(lock) };
        let manifest = Manifest::read(folder, S::NAMES.manifest)?;
        let segments = manifest.as_ref().map_or(&[][..], |manifest| &manifest.segments);
        let names: Vec<String> = segments.iter().map(|&(number, _)| file_name::<S>(number)).collect();
        remove_stale(folder, &[S::NAMES.ending], |name| names.iter().any(|mine| mine == name));
        let Some(manifest) = manifest else { return Ok((home, None)) };
        let Manifest { own, mark, next_key, next_number, .. } = manifest;
        let mut shelf = Shelf { placed: Vec::new(), next_key, next_number, mark };
        for ((number, dead), name) in manifest.segments.into_iter().zip(names) {
            let segment = Arc::new(S::open(&folder.join(name))?);
            let mut places = Vec::new();
            dead.iter().for_each(|&doc| _ = bits::set(&mut places, doc as usize));
            shelf.placed.push(Placed { segment, number, dead: places });
        }
        Ok((home, Some((shelf, own))))
    }

    /// Store a segment under a number and open it.
    ///
    /// # Errors
    /// As `write_whole`.
    pub fn store<S: Stored>(
        &self,
        number: u64,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> Result<S> {
        let Some(folder) = &self.folder else {
            let mut image = Image::default();
            write(&mut image).expect("memory takes every byte");
            return S::in_memory(image);
        };
        let path = folder.join(file_name::<S>(number));
        write_whole(&path, |out| write(out))?;
        S::open(&path)
    }

    /// Write the manifest. Documents of a tail are in no file: the owner gives them again after the last key that is.
    ///
    /// # Errors
    /// As `write_whole`.
    pub fn save<S: Stored>(&self, shelf: &Shelf<S>, own: [u64; 2], tail_is_empty: bool) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut next_key = shelf.next_key;
        if !tail_is_empty {
            next_key = match shelf.placed.last() {
                Some(last) => keys::last(last.segment.runs()?, last.segment.docs()).map_or(0, |key| key + 1),
                None => 0,
            };
        }
        let dead = |placed: &Placed<S>| bits::ones(&placed.dead).map(|doc| doc as u32).collect();
        let segments = shelf.placed.iter().map(|placed| (placed.number, dead(placed))).collect();
        let manifest = Manifest { own, mark: shelf.mark, next_key, next_number: shelf.next_number, segments };
        manifest.write(folder, S::NAMES.manifest)
    }

    /// Remove segments that no manifest names any more.
    pub fn discard<S: Stored>(&self, numbers: &[u64]) {
        let Some(folder) = &self.folder else { return };
        let names: Vec<String> = numbers.iter().map(|&number| file_name::<S>(number)).collect();
        remove_stale(folder, &[S::NAMES.ending], |name| !names.iter().any(|gone| gone == name));
    }
}

fn file_name<S: Stored>(number: u64) -> String {
    format!("{number:010}{}", S::NAMES.ending)
}

/// How large an index is. `documents` counts dead ones too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    pub documents: usize,
    pub dead: usize,
    pub segments: usize,
    pub tail: usize,
    pub bytes: usize,
    pub next_key: u64,
    pub mark: u64,
}
