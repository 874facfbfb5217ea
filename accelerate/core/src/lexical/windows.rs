//! A long query: documents in windows, in each of which only the terms that matter are added.
//!
//! 1. In a window the terms are in the order of the most that they can give there. Those that together stay below the
//!    k-th best score so far can bring no document in by themselves: only the others are added in full.
//! 2. What those found and can still get there is looked up in the rest, the greatest first, and gets fewer each time.
//! 3. The windows with the greatest bounds go first, because high scores early let the others do less.

use std::cmp::Reverse;

use super::above::find;
use super::postings::{BLOCK, Block};
use super::score::{Norms, TABLE};
use super::search::{Scratch, Source, Top, Weighted};

/// Documents of a window: its sums fit into the nearest cache.
const WIDTH: usize = 1 << SHIFT;
const SHIFT: usize = 12;
/// How many postings can be added in the time that one document is looked up.
const DEARER: usize = 24;
/// Postings from which on a table of all that a term can give pays.
const LONG: usize = 512;
/// Windows that go first, those with the greatest bounds; the rest go in order, because they share blocks.
const PROMISING: usize = 3;
/// Lanes that a thread keeps.
const MOST_LANES: usize = 64;

/// The sums of a window and the classes of its documents; all sums are 0 in between.
pub struct Window {
    sums: [u32; WIDTH],
    classes: [u8; WIDTH],
    found: Vec<u16>,
}

impl Default for Window {
    fn default() -> Self {
        Self { sums: [0; WIDTH], classes: [0; WIDTH], found: Vec::with_capacity(WIDTH) }
    }
}

/// What is known of one term while a source is searched.
#[derive(Default)]
pub struct Lane {
    block: Block,
    /// The block that is decoded; none if it is beyond the last.
    decoded: usize,
    /// For each window: the first block that reaches into it, and the most that the term gives there.
    windows: Vec<(u32, u32)>,
    /// Steps by count and class, filled as far as there are classes; of no use for a short list.
    gains: Box<Gains>,
    has_gains: bool,
}

struct Gains([[u32; 256]; TABLE]);

impl Default for Gains {
    fn default() -> Self {
        Self([[0; 256]; TABLE])
    }
}

/// Bring the best documents of a source into `top`; `None` if its postings do not hold together.
pub fn search_windows(
    source: &Source<'_>,
    terms: &[Weighted<'_>],
    norms: &Norms,
    top: &mut Top,
    scratch: &mut Scratch,
) -> Option<()> {
    let Scratch { lanes, window, .. } = scratch;
    let count = source.classes.len().div_ceil(WIDTH);
    if lanes.len() < terms.len() {
        lanes.resize_with(terms.len(), Lane::default);
    }
    let lanes_here = &mut lanes[..terms.len()];
    for (lane, term) in lanes_here.iter_mut().zip(terms) {
        lane.start(term, norms, source)?;
    }
    let turns = turns(lanes_here, count);
    let mut search = Search {
        source,
        terms,
        norms,
        lanes: lanes_here,
        window,
        order: Vec::with_capacity(terms.len()),
        looked_up: terms.len(),
    };
    let found = turns.into_iter().try_for_each(|(_, number)| {
        if !search.reaches(number, top) {
            return Some(());
        }
        let found = search.one(number, top);
        search.window.sums.fill(0);
        found
    });
    lanes.truncate(MOST_LANES);
    found
}

/// Return the windows in the order in which they are searched, each with the most that it can give.
fn turns(lanes: &[Lane], windows: usize) -> Vec<(Reverse<u64>, usize)> {
    let reach = |number: usize| Reverse(lanes.iter().map(|lane| u64::from(lane.windows[number].1)).sum());
    let mut turns: Vec<_> = (0..windows).map(|number| (reach(number), number)).collect();
    if windows > PROMISING {
        turns.select_nth_unstable(PROMISING);
        turns[PROMISING..].sort_unstable_by_key(|&(_, number)| number);
    }
    turns
}

struct Search<'a, 'b> {
    source: &'a Source<'b>,
    terms: &'a [Weighted<'b>],
    norms: &'a Norms,
    lanes: &'a mut [Lane],
    window: &'a mut Window,
    /// The most that each term can give in the window, and its number; ascending.
    order: Vec<(u32, u32)>,
    /// How many terms were looked up in the window before: about as many will be in the next.
    looked_up: usize,
}

impl Search<'_, '_> {
    /// Put the terms of a window in order, and answer whether they can bring a document in.
    fn reaches(&mut self, number: usize, top: &Top) -> bool {
        let numbered = self.lanes.iter().map(|lane| lane.windows[number].1).zip(0..);
        self.order.clear();
        self.order.extend(numbered.filter(|&(most, _)| most > 0));
        self.reach() >= u64::from(top.floor()).max(1)
    }

    fn reach(&self) -> u64 {
        self.order.iter().map(|&(most, _)| u64::from(most)).sum()
    }

    fn one(&mut self, number: usize, top: &mut Top) -> Option<()> {
        let floor = u64::from(top.floor());
        let mut rest = self.reach();
        self.order.sort_unstable();
        let start = number * WIDTH;
        let classes = &self.source.classes[start..self.source.classes.len().min(start + WIDTH)];
        let length = classes.len();
        self.window.classes[..length].copy_from_slice(classes);
        let mut left = self.order.len();
        while left > 0 && rest >= floor.max(1) {
            left -= 1;
            let (most, term) = self.order[left];
            rest -= u64::from(most);
            self.add(term as usize, number)?;
        }
        // What is looked up has to be found first: where the next term is added in full anyway, later.
        let mut is_found = false;
        while left > 0 && rest > 0 {
            let (most, term) = self.order[left - 1];
            let postings = self.lanes[term as usize].postings(&self.terms[term as usize], number);
            is_found = left <= self.looked_up + 1
                && self.window.find(floor.saturating_sub(rest), postings.saturating_sub(1) / DEARER);
            if is_found {
                break;
            }
            left -= 1;
            rest -= u64::from(most);
            self.add(term as usize, number)?;
        }
        if !is_found {
            self.window.find(floor.saturating_sub(rest), WIDTH);
        }
        if floor > 0 {
            self.looked_up = left;
        }
        // Damaged postings can name documents that are not there.
        self.window.found.retain(|&at| usize::from(at) < length);
        if self.source.permitted.is_some() {
            let Window { found, .. } = &mut *self.window;
            found.retain(|&at| self.source.permits(start + usize::from(at)));
        }
        while left > 0 && !self.window.found.is_empty() {
            left -= 1;
            let (most, term) = self.order[left];
            rest -= u64::from(most);
            let needed = floor.saturating_sub(rest);
            self.look_up(term as usize, number, needed)?;
            self.window.keep(needed);
        }
        for &at in &self.window.found {
            let score = self.window.sums[usize::from(at)];
            if score >= top.floor() {
                top.push(score, self.source.first_ordinal + (start + usize::from(at)) as u32);
            }
        }
        Some(())
    }

    /// Add a term to all of its documents in a window.
    fn add(&mut self, term: usize, window: usize) -> Option<()> {
        let (lane, term) = (&mut self.lanes[term], &self.terms[term]);
        let (start, end) = ((window * WIDTH) as u32, ((window + 1) * WIDTH - 1) as u32);
        let Window { sums, classes, .. } = &mut *self.window;
        for number in lane.windows[window].0 as usize..term.list.block_count() {
            lane.load(term, number)?;
            let docs = lane.block.docs();
            let from = if docs[0] >= start { 0 } else { docs.partition_point(|&doc| doc < start) };
            let last = *docs.last()?;
            let to = if last <= end { docs.len() } else { docs.partition_point(|&doc| doc <= end) };
            let both = docs[from..to].iter().zip(&lane.block.more()[from..to]);
            if lane.has_gains {
                let Gains(gains) = &*lane.gains;
                for (&doc, &more) in both.clone() {
                    let at = doc as usize % WIDTH;
                    let gain = gains[(more as usize).min(TABLE - 1)][usize::from(classes[at])];
                    sums[at] = sums[at].wrapping_add(gain);
                }
                if !lane.block.is_in_table {
                    for (&doc, &more) in both.filter(|&(_, &more)| more as usize >= TABLE) {
                        let at = doc as usize % WIDTH;
                        let (all, row) = (term.steps(self.norms, classes[at], more), &gains[TABLE - 1]);
                        sums[at] = sums[at].wrapping_add(all.wrapping_sub(row[usize::from(classes[at])]));
                    }
                }
            } else {
                for (&doc, &more) in both {
                    let at = doc as usize % WIDTH;
                    sums[at] = sums[at].wrapping_add(term.steps(self.norms, classes[at], more));
                }
            }
            if last >= end {
                break;
            }
        }
        Some(())
    }

    /// Add a term to the documents found, decoding only the blocks that matter.
    fn look_up(&mut self, term: usize, window: usize, needed: u64) -> Option<()> {
        let (lane, term) = (&mut self.lanes[term], &self.terms[term]);
        let Window { sums, classes, found } = &mut *self.window;
        let count = term.list.block_count();
        let (mut number, mut at, mut most) = (lane.windows[window].0 as usize, 0, None);
        for &place in &*found {
            let doc = (window * WIDTH) as u32 + u32::from(place);
            while number < count && term.list.last_doc(number) < doc {
                (number, at, most) = (number + 1, 0, None);
            }
            if number == count {
                break;
            }
            let sum = &mut sums[usize::from(place) % WIDTH];
            let most = *most.get_or_insert_with(|| term.steps_at_most(term.list.block_bound(number)));
            if u64::from(*sum) + u64::from(most) < needed {
                continue;
            }
            lane.load(term, number)?;
            let docs = lane.block.docs();
            at += docs[at..].partition_point(|&other| other < doc);
            if docs.get(at) == Some(&doc) {
                *sum += term.steps(self.norms, classes[usize::from(place) % WIDTH], lane.block.more()[at]);
            }
        }
        Some(())
    }
}

impl Lane {
    fn start(&mut self, term: &Weighted<'_>, norms: &Norms, source: &Source<'_>) -> Option<()> {
        self.decoded = usize::MAX;
        self.has_gains = term.list.df() >= LONG;
        if self.has_gains {
            for (gains, parts) in self.gains.0.iter_mut().zip(norms.table()) {
                for (gain, &part) in gains.iter_mut().zip(&parts[..=usize::from(source.most_class)]) {
                    *gain = term.steps_of(part);
                }
            }
        }
        let windows = source.classes.len().div_ceil(WIDTH);
        self.windows.clear();
        self.windows.resize(windows, (0, 0));
        let count = term.list.block_count();
        if count == 1 {
            self.load(term, 0)?;
            let most = term.steps_at_most(term.list.bound());
            for &doc in self.block.docs() {
                self.windows.get_mut(doc as usize >> SHIFT)?.1 = most;
            }
            return Some(());
        }
        let mut begin = 0;
        for number in 0..count {
            let bound = u32::from(term.list.block_bound(number));
            let last = term.list.last_doc(number) as usize;
            let end = last >> SHIFT;
            for (_, most) in self.windows.get_mut(begin >> SHIFT..=end)? {
                *most = bound.max(*most);
            }
            // A window that begins inside of the block, or with it, has it as its first.
            for window in self.windows.get_mut(begin.div_ceil(WIDTH)..=end).into_iter().flatten() {
                window.0 = number as u32;
            }
            begin = last + 1;
        }
        for (_, most) in self.windows.iter_mut().filter(|(_, most)| *most > 0) {
            *most = term.steps_at_most(*most as u8);
        }
        Some(())
    }

    /// Have a block decoded.
    #[inline]
    fn load(&mut self, term: &Weighted<'_>, number: usize) -> Option<()> {
        if self.decoded != number {
            self.decoded = usize::MAX;
            term.list.decode(number, &mut self.block)?;
            self.decoded = number;
        }
        Some(())
    }

    /// Return about how many postings the blocks hold that reach into a window.
    fn postings(&self, term: &Weighted<'_>, window: usize) -> usize {
        let next = self.windows.get(window + 1).map_or(term.list.block_count(), |next| next.0 as usize + 1);
        (next.saturating_sub(self.windows[window].0 as usize) * BLOCK).min(term.list.df())
    }
}

impl Window {
    /// Find the documents whose sums are at least so high, and not 0; answer whether there were at most so many.
    fn find(&mut self, least: u64, most: usize) -> bool {
        match u32::try_from(least) {
            Ok(least) if least < 1 << 31 => find(&self.sums, least.max(1), most, &mut self.found),
            _ => {
                self.found.clear();
                true
            }
        }
    }

    /// Forget the documents whose sums are lower.
    fn keep(&mut self, least: u64) {
        let Self { sums, found, .. } = self;
        let mut count = 0;
        for place in 0..found.len() {
            let at = found[place];
            found[count] = at;
            count += usize::from(u64::from(sums[usize::from(at) % WIDTH]) >= least);
        }
        found.truncate(count);
    }
}
