//! The postings of one term as a search sees them, whether they lie in a segment or in the tail.

use super::postings::{BLOCK, Block, ROW, get_varint};
use crate::storage::u32_at;

/// Postings of one term, in blocks of at most 128.
#[derive(Clone, Copy)]
pub enum List<'a> {
    /// As `postings::encode` wrote them.
    Packed { df: usize, bound: u8, table: &'a [u8], blocks: &'a [u8] },
    /// `document << 32 | tf`, ascending.
    Plain(&'a [u64]),
}

impl<'a> List<'a> {
    /// Read the head of an encoded list; `None` if it does not hold together.
    #[must_use]
    pub fn packed(mut bytes: &'a [u8]) -> Option<Self> {
        let df = get_varint(&mut bytes)? as usize;
        let (&bound, rest) = bytes.split_first()?;
        let rows = if df >= BLOCK { df.div_ceil(BLOCK) * ROW } else { 0 };
        let (table, blocks) = rest.split_at_checked(rows)?;
        (df > 0).then_some(Self::Packed { df, bound, table, blocks })
    }

    /// Return how many documents the term is in.
    #[inline]
    #[must_use]
    pub fn df(&self) -> usize {
        match self {
            Self::Packed { df, .. } => *df,
            Self::Plain(entries) => entries.len(),
        }
    }

    /// Return a bound on every `tf/(tf + K)` of the list, in 255ths, under the segment's own mean length.
    #[inline]
    #[must_use]
    pub fn bound(&self) -> u8 {
        match self {
            Self::Packed { bound, .. } => *bound,
            Self::Plain(_) => 255,
        }
    }

    #[inline]
    #[must_use]
    pub fn block_count(&self) -> usize {
        self.df().div_ceil(BLOCK)
    }

    /// Return the last document of a block; for a single short block, a document after every other.
    #[inline]
    #[must_use]
    pub fn last_doc(&self, block: usize) -> u32 {
        match self {
            Self::Packed { table: [], .. } => u32::MAX,
            Self::Packed { table, .. } => u32_at(table, block * ROW),
            Self::Plain(entries) => (entries[((block + 1) * BLOCK).min(entries.len()) - 1] >> 32) as u32,
        }
    }

    /// Return a bound as `bound` does, for one block.
    #[inline]
    #[must_use]
    pub fn block_bound(&self, block: usize) -> u8 {
        match self {
            Self::Packed { table: [], bound, .. } => *bound,
            Self::Packed { table, .. } => table[block * ROW + 8],
            Self::Plain(_) => 255,
        }
    }

    /// Take a block apart; `None` if it does not hold together.
    #[inline]
    pub fn decode(&self, number: usize, block: &mut Block) -> Option<()> {
        match self {
            Self::Packed { table: [], blocks, df, .. } => block.decode_short(0, blocks, *df),
            Self::Packed { table, blocks, df, .. } => {
                let before = if number == 0 { 0 } else { u32_at(table, (number - 1) * ROW) };
                let bytes = blocks.get(u32_at(table, number * ROW + 4) as usize..)?;
                let length = (*df - number * BLOCK).min(BLOCK);
                if length == BLOCK {
                    block.decode_full(before, bytes)
                } else {
                    block.decode_short(before, bytes, length)
                }
            }
            Self::Plain(entries) => {
                let entries = &entries[number * BLOCK..((number + 1) * BLOCK).min(entries.len())];
                for (at, entry) in entries.iter().enumerate() {
                    block.docs[at] = (entry >> 32) as u32;
                    block.more[at] = (*entry as u32).saturating_sub(1);
                }
                block.is_in_table = false;
                block.length = entries.len();
                Some(())
            }
        }
    }
}
