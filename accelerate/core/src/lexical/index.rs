//! The lexical index: segments and a tail behind one lock, searched together.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rayon::prelude::*;

use super::manifest::Manifest;
use super::merge::{GONE, merge};
use super::score::{Norms, Params, shift, weight};
use super::search::{Scratch, Source, Top, Weighted, search, steps_at_most};
use super::segment::{Builder, Segment};
use super::tail::Tail;
use crate::keys::Run;
use crate::storage::{remove_stale, sync_folder, write_whole};
use crate::text::Dictionary;
use crate::{Error, Result, bits, keys, lock};

/// Postings in the tail at which it becomes a segment: about 100 MB of memory.
const MOST_ENTRIES: usize = 8_000_000;
/// Segments at which neighbours are merged.
const MOST_SEGMENTS: usize = 8;
const ENDING: &str = ".lex";
const MOST_QUERY_FORMS: usize = 50_000;

/// A document that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    pub key: u64,
    pub score: f64,
}

/// How large the index is. `documents` counts dead ones too.
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

struct Placed {
    segment: Arc<Segment>,
    number: u64,
    dead: Vec<u64>,
}

struct State {
    placed: Vec<Placed>,
    tail: Tail,
    tail_dead: Vec<u64>,
    next_key: u64,
    next_number: u64,
    mark: u64,
}

/// A lexical index, in memory or in a folder.
pub struct Lexical {
    params: Params,
    folder: Option<PathBuf>,
    state: RwLock<State>,
    merging: Mutex<()>,
    _lock: Option<lock::FolderLock>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
    static FORMS: RefCell<Dictionary> = RefCell::default();
}

impl Lexical {
    /// Make an empty index that stays in memory.
    #[must_use]
    pub fn in_memory(params: Params) -> Self {
        Self::over(params, None, None)
    }

    /// Start an empty index in a folder; what an index left there is removed.
    ///
    /// # Errors
    /// `Error::Locked` if another process has it open; `Error::Io`.
    pub fn create(folder: &Path, params: Params) -> Result<Self> {
        let held = lock::FolderLock::take(folder)?;
        remove_stale(folder, &[ENDING, ".part", super::manifest::NAME], |_| false);
        Ok(Self::over(params, Some(folder.into()), Some(held)))
    }

    /// Open the index of a folder, which is created if need be. An index that exists keeps its own parameters.
    ///
    /// # Errors
    /// `Error::Locked` if another process has it open; `Error::Corrupt`, `Error::Newer` or `Error::Io` if it cannot be
    /// read: then it is to be built anew from the documents.
    pub fn open(folder: &Path, params: Params) -> Result<Self> {
        let held = lock::FolderLock::take(folder)?;
        let Some(manifest) = Manifest::read(folder)? else {
            remove_stale(folder, &[ENDING, ".part"], |_| false);
            return Ok(Self::over(params, Some(folder.into()), Some(held)));
        };
        let named: Vec<String> = manifest.segments.iter().map(|&(number, _)| file_name(number)).collect();
        remove_stale(folder, &[ENDING, ".part"], |name| named.iter().any(|mine| mine == name));
        let index = Self::over(manifest.params, Some(folder.into()), Some(held));
        {
            let mut state = index.write();
            for ((number, dead), name) in manifest.segments.iter().zip(&named) {
                let segment = Segment::open(&folder.join(name))?;
                let mut dead_bits = Vec::new();
                dead.iter().for_each(|&doc| _ = bits::set(&mut dead_bits, doc as usize));
                state.placed.push(Placed { segment: Arc::new(segment), number: *number, dead: dead_bits });
            }
            (state.next_key, state.next_number, state.mark) = (manifest.next_key, manifest.next_number, manifest.mark);
        }
        Ok(index)
    }

    fn over(params: Params, folder: Option<PathBuf>, held: Option<lock::FolderLock>) -> Self {
        let state = State {
            placed: Vec::new(),
            tail: Tail::default(),
            tail_dead: Vec::new(),
            next_key: 0,
            next_number: 0,
            mark: 0,
        };
        Self { params, folder, state: RwLock::new(state), merging: Mutex::new(()), _lock: held }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn one_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.merging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Add documents: keys that only grow, and the fields of each. They are found at once, and durable after `flush`.
    ///
    /// # Errors
    /// `Error::Argument` for a key that does not come after all others; the documents before it were added.
    pub fn add<'a>(&self, documents: impl IntoIterator<Item = (u64, super::Fields<'a>)>) -> Result<()> {
        let mut state = self.write();
        for (key, fields) in documents {
            if key < state.next_key {
                return Err(Error::Argument(format!(
                    "key {key} comes after key {}; keys only grow",
                    state.next_key - 1
                )));
            }
            state.tail.push(key, fields);
            state.next_key = key + 1;
            if state.tail.entries() >= MOST_ENTRIES {
                self.end_tail(&mut state)?;
            }
        }
        Ok(())
    }

    /// Delete documents by key and return how many were there. It counts at once, and is durable after `flush`.
    ///
    /// # Errors
    /// `Error::Corrupt` for a damaged segment.
    pub fn delete(&self, doomed: &[u64]) -> Result<usize> {
        let mut state = self.write();
        let mut count = 0;
        for &key in doomed {
            if let Some(doc) = keys::doc(&state.tail.runs, state.tail.classes.len(), key) {
                count += usize::from(bits::set(&mut state.tail_dead, doc as usize));
                continue;
            }
            for placed in &mut state.placed {
                if let Some(doc) = keys::doc(placed.segment.runs()?, placed.segment.docs, key) {
                    count += usize::from(bits::set(&mut placed.dead, doc as usize));
                    break;
                }
            }
        }
        Ok(count)
    }

    /// Return the best `k` documents for each query, best first, equal scores by key. `allowed` has a bit for every key
    /// that may be found.
    ///
    /// # Errors
    /// `Error::Corrupt` for a damaged segment.
    pub fn search(&self, query: &str, k: usize, allowed: Option<&[u64]>) -> Result<Vec<Hit>> {
        let terms = query_terms(query);
        search_state(&self.read(), self.params, &terms, k, allowed)
    }

    /// Do many searches on all cores.
    ///
    /// # Errors
    /// As `search`.
    pub fn search_many(&self, queries: &[&str], k: usize, allowed: Option<&[u64]>) -> Result<Vec<Vec<Hit>>> {
        let state = self.read();
        queries.par_iter().map(|query| search_state(&state, self.params, &query_terms(query), k, allowed)).collect()
    }

    /// Make everything durable: the tail becomes a segment. `mark` is kept for the owner, who reads it in `stats`.
    ///
    /// # Errors
    /// `Error::Io` if a file cannot be written; then nothing changed.
    pub fn flush(&self, mark: u64) -> Result<()> {
        let _alone = self.one_at_a_time();
        let mut state = self.write();
        self.end_tail(&mut state)?;
        state.mark = mark;
        self.write_manifest(&state)
    }

    fn end_tail(&self, state: &mut State) -> Result<()> {
        if state.tail.classes.is_empty() {
            return Ok(());
        }
        let builder = state.tail.build(self.params)?;
        let segment = self.store(&builder, state.next_number)?;
        let dead = std::mem::take(&mut state.tail_dead);
        state.placed.push(Placed { segment: Arc::new(segment), number: state.next_number, dead });
        state.next_number += 1;
        state.tail.clear();
        Ok(())
    }

    fn store(&self, builder: &Builder, number: u64) -> Result<Segment> {
        let Some(folder) = &self.folder else {
            let mut image = Vec::new();
            builder.write(&mut image).expect("memory takes every byte");
            return Segment::in_memory(&image);
        };
        let path = folder.join(file_name(number));
        write_whole(&path, |out| builder.write(out))?;
        Segment::open(&path)
    }

    fn write_manifest(&self, state: &State) -> Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        sync_folder(folder)?;
        let segments = state.placed.iter().map(|placed| (placed.number, dead_docs(placed))).collect();
        // Documents of the tail are not in any file, so the owner must give them again after the last key that is.
        let durable = state.placed.last().map_or(Ok(None), |placed| {
            placed.segment.runs().map(|runs| keys::last(runs, placed.segment.docs).map(|key| key + 1))
        })?;
        let next_key = if state.tail.classes.is_empty() { state.next_key } else { durable.unwrap_or(0) };
        let next_number = state.next_number;
        Manifest { params: self.params, mark: state.mark, next_key, next_number, segments }.write(folder)?;
        sync_folder(folder)
    }

    /// Merge the smallest neighbours while there are many segments. Searches go on; call it from a thread of its own.
    ///
    /// # Errors
    /// `Error::Io` or `Error::Corrupt`; then nothing changed.
    pub fn merge(&self) -> Result<bool> {
        let _alone = self.one_at_a_time();
        let sizes: Vec<usize> = self.read().placed.iter().map(|placed| placed.segment.bytes()).collect();
        if sizes.len() < MOST_SEGMENTS {
            return Ok(false);
        }
        let width = MOST_SEGMENTS / 2;
        let cost = |&start: &usize| sizes[start..start + width].iter().sum::<usize>();
        let start = (0..=sizes.len() - width).min_by_key(cost).unwrap_or(0);
        self.merge_range(start, width, false).map(|()| true)
    }

    /// Make the tail and all segments into one without the dead documents.
    ///
    /// # Errors
    /// As `merge`.
    pub fn compact(&self) -> Result<()> {
        let _alone = self.one_at_a_time();
        let count = {
            let mut state = self.write();
            self.end_tail(&mut state)?;
            state.placed.len()
        };
        if count > 0 { self.merge_range(0, count, true) } else { Ok(()) }
    }

    fn merge_range(&self, start: usize, width: usize, drop_dead: bool) -> Result<()> {
        let (segments, dropped, number) = {
            let mut state = self.write();
            let number = state.next_number;
            state.next_number += 1;
            let range = &state.placed[start..start + width];
            let segments: Vec<Arc<Segment>> = range.iter().map(|placed| placed.segment.clone()).collect();
            let dead = |placed: &Placed| if drop_dead { placed.dead.clone() } else { Vec::new() };
            (segments, range.iter().map(dead).collect::<Vec<_>>(), number)
        };
        let borrowed: Vec<&Segment> = segments.iter().map(AsRef::as_ref).collect();
        let (builder, maps) = merge(&borrowed, &dropped.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        let merged = Arc::new(self.store(&builder, number)?);
        let mut state = self.write();
        let mut dead = Vec::new();
        for (placed, map) in state.placed[start..start + width].iter().zip(&maps) {
            for doc in bits::ones(&placed.dead).filter(|&doc| map[doc] != GONE) {
                bits::set(&mut dead, map[doc] as usize);
            }
        }
        let old: Vec<Placed> =
            state.placed.splice(start..start + width, [Placed { segment: merged, number, dead }]).collect();
        self.write_manifest(&state)?;
        if let Some(folder) = &self.folder {
            let names: Vec<String> = old.iter().map(|placed| file_name(placed.number)).collect();
            remove_stale(folder, &[ENDING], |name| !names.iter().any(|gone| gone == name));
        }
        Ok(())
    }

    /// Say how large the index is.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let state = self.read();
        Stats {
            documents: documents(&state),
            dead: bits::count(&state.tail_dead)
                + state.placed.iter().map(|placed| bits::count(&placed.dead)).sum::<usize>(),
            segments: state.placed.len(),
            tail: state.tail.classes.len(),
            bytes: state.placed.iter().map(|placed| placed.segment.bytes()).sum(),
            next_key: state.next_key,
            mark: state.mark,
        }
    }

    /// Read every page of every file.
    ///
    /// # Errors
    /// `Error::Corrupt` at the first damaged page.
    pub fn verify(&self) -> Result<()> {
        self.read().placed.iter().try_for_each(|placed| placed.segment.verify())
    }
}

fn file_name(number: u64) -> String {
    format!("{number:010}{ENDING}")
}

fn dead_docs(placed: &Placed) -> Vec<u32> {
    bits::ones(&placed.dead).map(|doc| doc as u32).collect()
}

fn documents(state: &State) -> usize {
    state.tail.classes.len() + state.placed.iter().map(|placed| placed.segment.docs).sum::<usize>()
}

/// Return the hashes of a query's terms, ascending, and how often each is in it.
fn query_terms(query: &str) -> Vec<(u64, u32)> {
    FORMS.with_borrow_mut(|forms| {
        if forms.len() > MOST_QUERY_FORMS {
            forms.clear();
        }
        let mut ids = Vec::new();
        forms.intern(query, |term| ids.push(term));
        let mut hashes: Vec<u64> = ids.iter().map(|&term| forms.term_hashes()[term as usize]).collect();
        hashes.sort_unstable();
        hashes.chunk_by(u64::eq).map(|same| (same[0], same.len() as u32)).collect()
    })
}

fn search_state(
    state: &State,
    params: Params,
    terms: &[(u64, u32)],
    k: usize,
    allowed: Option<&[u64]>,
) -> Result<Vec<Hit>> {
    let count = documents(state);
    if k == 0 || count == 0 {
        return Ok(Vec::new());
    }
    let length = state.tail.total_length + state.placed.iter().map(|placed| placed.segment.total_length).sum::<u64>();
    let mean = length as f64 / count as f64;
    let mut lists = Vec::with_capacity(terms.len() * (state.placed.len() + 1));
    let mut weights = Vec::with_capacity(terms.len());
    for &(hash, times) in terms {
        let mut frequency = 0;
        for placed in &state.placed {
            lists.push(placed.segment.list(hash)?);
            frequency += lists.last().copied().flatten().map_or(0, |list| list.df());
        }
        lists.push(state.tail.list(hash));
        frequency += lists.last().copied().flatten().map_or(0, |list| list.df());
        weights.push(if frequency > 0 { weight(params, count as u64, frequency as u64, times) } else { 0.0 });
    }
    let shift = shift(weights.iter().sum());
    let norms = Norms::new(params, mean);
    let mut top = Top::new(k);
    let sources = state.placed.len() + 1;
    let mut first_ordinal = 0;
    for at in 0..sources {
        let placed = state.placed.get(at);
        let (runs, classes, dead, own_mean) = match placed {
            Some(placed) => {
                (placed.segment.runs()?, placed.segment.classes()?, &placed.dead, placed.segment.mean_length)
            }
            None => (state.tail.runs.as_slice(), state.tail.classes.as_slice(), &state.tail_dead, mean),
        };
        let drift = (mean.max(1.0) / own_mean.max(1.0)).max(1.0) as f32;
        let mut weighted: Vec<Weighted<'_>> = Vec::with_capacity(terms.len());
        for (list, &weight) in lists[at..].iter().step_by(sources).zip(&weights) {
            if let Some(list) = *list {
                let weight = weight as f32 * (shift as f32).exp2();
                weighted.push(Weighted { list, weight, bound: steps_at_most(weight, drift, list.bound()), drift });
            }
        }
        let permitted = keys::permitted(runs, classes.len(), dead, allowed);
        let source = Source { classes, permitted: permitted.as_deref(), first_ordinal };
        SCRATCH
            .with_borrow_mut(|scratch| search(&source, &mut weighted, &norms, &mut top, scratch))
            .ok_or_else(|| placed.map_or_else(|| Error::corrupt("the tail"), |placed| placed.segment.damaged()))?;
        first_ordinal += classes.len() as u32;
    }
    hits(state, top, shift)
}

fn hits(state: &State, top: Top, shift: i32) -> Result<Vec<Hit>> {
    let unit = f64::from(-shift).exp2();
    let mut found = Vec::new();
    for (score, ordinal) in top.into_sorted() {
        let mut doc = ordinal as usize;
        let mut runs: &[Run] = &state.tail.runs;
        for placed in &state.placed {
            if doc < placed.segment.docs {
                runs = placed.segment.runs()?;
                break;
            }
            doc -= placed.segment.docs;
        }
        found.push(Hit { key: keys::of(runs, doc as u32), score: f64::from(score) * unit });
    }
    Ok(found)
}
