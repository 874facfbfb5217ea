//! The lexical index: segments and a tail behind one lock, searched together.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rayon::prelude::*;

use super::merge::merge;
use super::score::{Norms, Params, shift, weight};
use super::search::{Scratch, Source, Top, Weighted, search};
use super::segment::Segment;
use super::tail::Tail;
use crate::passages::Passages;
use crate::shelf::{Home, Shelf, Stored};
use crate::text::{Dictionary, hash_term};
use crate::{Error, Hit, Result, Stats, bits, keys};

/// Postings in the tail at which it becomes a segment: about 100 MB of memory.
const MOST_ENTRIES: usize = 8_000_000;
/// How many neighbours are merged at once; it is done when there are twice as many segments.
const MERGED: usize = 4;
const MOST_QUERY_FORMS: usize = 50_000;

#[derive(Default)]
struct State {
    shelf: Shelf<Segment>,
    tail: Tail,
    tail_dead: Vec<u64>,
}

/// A lexical index, in memory or in a folder.
pub struct Lexical {
    params: Params,
    home: Home,
    state: RwLock<State>,
    merging: Mutex<()>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
    static NORMS: RefCell<Norms> = RefCell::default();
    static FORMS: RefCell<Dictionary> = RefCell::default();
}

impl Lexical {
    /// Make an empty index that stays in memory.
    #[must_use]
    pub fn in_memory(params: Params) -> Self {
        Self::over(params, Home::in_memory(), Shelf::default())
    }

    /// Start an empty index in a folder; what an index left there is removed.
    ///
    /// # Errors
    /// `Error::Locked` if another process has it open; `Error::Io`.
    pub fn create(folder: &Path, params: Params) -> Result<Self> {
        Ok(Self::over(params, Home::create::<Segment>(folder)?, Shelf::default()))
    }

    /// Open the index of a folder, which is created if need be. An index that exists keeps its own parameters.
    ///
    /// # Errors
    /// `Error::Locked` if another process has it open; `Error::Corrupt`, `Error::Newer` or `Error::Io` if it cannot be
    /// read: then it is to be built anew from the documents.
    pub fn open(folder: &Path, params: Params) -> Result<Self> {
        Ok(match Home::open(folder)? {
            (home, None) => Self::over(params, home, Shelf::default()),
            (home, Some((shelf, own))) => {
                let [k1, b] = own.map(f64::from_bits);
                Self::over(Params { k1, b }, home, shelf)
            }
        })
    }

    fn over(params: Params, home: Home, shelf: Shelf<Segment>) -> Self {
        Self { params, home, state: RwLock::new(State { shelf, ..State::default() }), merging: Mutex::new(()) }
    }

    fn own(&self) -> [u64; 2] {
        [self.params.k1.to_bits(), self.params.b.to_bits()]
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
            state.follow(key)?;
            state.tail.push(key, fields);
            if state.tail.entries() >= MOST_ENTRIES {
                self.end_tail(&mut state)?;
            }
        }
        Ok(())
    }

    /// Do as `add` for passages; `heading` is the weight of title and path, that of the text is 1.
    ///
    /// # Errors
    /// As `add`, also if there are not as many keys as passages.
    pub fn add_passages(&self, new_keys: &[u64], passages: &Passages, heading: u32) -> Result<()> {
        if new_keys.len() != passages.len() {
            return Err(Error::Argument(format!("{} keys for {} passages", new_keys.len(), passages.len())));
        }
        let mut state = self.write();
        let mut forms = state.tail.forms_of(passages);
        for (passage, &key) in new_keys.iter().enumerate() {
            state.follow(key)?;
            let [title, path, text] = passages.fields(passage);
            state.tail.push_counted(key, [(title, heading), (path, heading), (text, 1)], &forms);
            if state.tail.entries() >= MOST_ENTRIES {
                self.end_tail(&mut state)?;
                forms = state.tail.forms_of(passages);
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
            count += usize::from(state.shelf.delete(key)? == Some(true));
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
        state.shelf.mark = mark;
        self.home.save(&state.shelf, self.own(), true)
    }

    fn end_tail(&self, state: &mut State) -> Result<()> {
        if state.tail.classes.is_empty() {
            return Ok(());
        }
        let builder = state.tail.build(self.params)?;
        let segment = self.home.store(state.shelf.next_number, |out| builder.write(out))?;
        let dead = std::mem::take(&mut state.tail_dead);
        state.shelf.push(segment, dead);
        state.tail.clear();
        Ok(())
    }

    /// Merge the smallest neighbours while there are many segments, and say whether it was so. Searches go on; call it
    /// from a thread of its own.
    ///
    /// # Errors
    /// `Error::Io` or `Error::Corrupt`; then nothing changed.
    pub fn merge(&self) -> Result<bool> {
        let _alone = self.one_at_a_time();
        let cheapest = self.read().shelf.cheapest(MERGED);
        cheapest.map_or(Ok(false), |start| self.merge_range(start, MERGED, false).map(|()| true))
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
            state.shelf.placed.len()
        };
        if count > 0 { self.merge_range(0, count, true) } else { Ok(()) }
    }

    fn merge_range(&self, start: usize, width: usize, drop_dead: bool) -> Result<()> {
        let (segments, dropped, number) = {
            let mut state = self.write();
            let number = state.shelf.reserve();
            let range = &state.shelf.placed[start..start + width];
            let dead = |dead: &Vec<u64>| if drop_dead { dead.clone() } else { Vec::new() };
            let segments: Vec<_> = range.iter().map(|placed| placed.segment.clone()).collect();
            (segments, range.iter().map(|placed| dead(&placed.dead)).collect::<Vec<_>>(), number)
        };
        let borrowed: Vec<&Segment> = segments.iter().map(AsRef::as_ref).collect();
        let (builder, maps) = merge(&borrowed, &dropped.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        let merged = self.home.store(number, |out| builder.write(out))?;
        let mut state = self.write();
        let old = state.shelf.replace(start, &maps, merged, number);
        self.home.save(&state.shelf, self.own(), state.tail.classes.is_empty())?;
        self.home.discard::<Segment>(&old);
        Ok(())
    }

    /// Say how large the index is.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let state = self.read();
        Stats {
            documents: state.documents(),
            dead: bits::count(&state.tail_dead) + state.shelf.dead(),
            segments: state.shelf.placed.len(),
            tail: state.tail.classes.len(),
            bytes: state.shelf.bytes(),
            next_key: state.shelf.next_key,
            mark: state.shelf.mark,
        }
    }

    /// Read every page of every file.
    ///
    /// # Errors
    /// `Error::Corrupt` at the first damaged page.
    pub fn verify(&self) -> Result<()> {
        self.read().shelf.placed.iter().try_for_each(|placed| placed.segment.verify())
    }
}

impl State {
    /// Take a key as the last one.
    fn follow(&mut self, key: u64) -> Result<()> {
        let next = self.shelf.next_key;
        if key < next {
            return Err(Error::Argument(format!("key {key} comes after key {}; keys only grow", next - 1)));
        }
        self.shelf.next_key = key + 1;
        Ok(())
    }

    fn documents(&self) -> usize {
        self.tail.classes.len() + self.shelf.docs()
    }
}

/// Terms that say nothing next to others: a query leaves them out unless it has no other.
const STOP: [&str; 38] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "from", "how", "if", "in", "into", "is", "it", "no",
    "not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was",
    "what", "when", "which", "will", "with",
];

static STOP_HASHES: LazyLock<HashSet<u64>> = LazyLock::new(|| STOP.iter().map(|term| hash_term(term)).collect());

/// Return the hashes of a query's terms, ascending, and how often each is in it.
fn query_terms(query: &str) -> Vec<(u64, u32)> {
    FORMS.with_borrow_mut(|forms| {
        if forms.len() > MOST_QUERY_FORMS {
            forms.clear();
        }
        let mut ids = Vec::new();
        forms.intern(query, |term| ids.push(term));
        let mut hashes: Vec<u64> = ids.iter().map(|&term| forms.term_hashes()[term as usize]).collect();
        if hashes.iter().any(|hash| !STOP_HASHES.contains(hash)) {
            hashes.retain(|hash| !STOP_HASHES.contains(hash));
        }
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
    let count = state.documents();
    if k == 0 || count == 0 {
        return Ok(Vec::new());
    }
    let length =
        state.tail.total_length + state.shelf.placed.iter().map(|placed| placed.segment.total_length).sum::<u64>();
    let mean = length as f64 / count as f64;
    let mut lists = Vec::with_capacity(terms.len() * (state.shelf.placed.len() + 1));
    let mut weights = Vec::with_capacity(terms.len());
    for &(hash, times) in terms {
        let mut frequency = 0;
        for placed in &state.shelf.placed {
            lists.push(placed.segment.list(hash)?);
            frequency += lists.last().copied().flatten().map_or(0, |list| list.df());
        }
        lists.push(state.tail.list(hash));
        frequency += lists.last().copied().flatten().map_or(0, |list| list.df());
        weights.push(if frequency > 0 { weight(params, count as u64, frequency as u64, times) } else { 0.0 });
    }
    let shift = shift(weights.iter().sum());
    NORMS.with_borrow_mut(|norms| norms.change_to(params, mean));
    let mut top = Top::new(k);
    let sources = state.shelf.placed.len() + 1;
    let mut first_ordinal = 0;
    for at in 0..sources {
        let placed = state.shelf.placed.get(at);
        let (runs, classes, most_class, dead, own_mean) = match placed {
            Some(placed) => {
                let segment = &placed.segment;
                (segment.runs()?, segment.classes()?, segment.most_class()?, &placed.dead, segment.mean_length)
            }
            None => (&state.tail.runs[..], &state.tail.classes[..], state.tail.most_class, &state.tail_dead, mean),
        };
        let drift = (mean.max(1.0) / own_mean.max(1.0)).max(1.0) as f32;
        let mut weighted: Vec<Weighted<'_>> = Vec::with_capacity(terms.len());
        for (list, &weight) in lists.iter().skip(at).step_by(sources).zip(&weights) {
            if let Some(list) = *list {
                let weight = weight as f32 * (shift as f32).exp2();
                weighted.push(Weighted { list, weight, drift });
            }
        }
        let permitted = keys::permitted(runs, classes.len(), dead, allowed);
        let source = Source { classes, most_class, permitted: permitted.as_deref(), first_ordinal };
        SCRATCH
            .with_borrow_mut(|scratch| NORMS.with_borrow(|norms| search(&source, &weighted, norms, &mut top, scratch)))
            .ok_or_else(|| placed.map_or_else(|| Error::corrupt("the tail"), |placed| placed.segment.damaged()))?;
        first_ordinal += classes.len() as u32;
    }
    hits(state, top, shift)
}

fn hits(state: &State, top: Top, shift: i32) -> Result<Vec<Hit>> {
    let unit = f64::from(-shift).exp2();
    let hit = |(score, ordinal): (u32, u32)| {
        let key = state.shelf.key(ordinal as usize)?.unwrap_or_else(|doc| keys::of(&state.tail.runs, doc));
        Ok(Hit { key, score: f64::from(score) * unit })
    };
    top.into_sorted().into_iter().map(hit).collect()
}
