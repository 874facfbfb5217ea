//! How the postings of one term are written: blocks of 128 documents, bit-packed, each with its greatest part.
//!
//! A list is: `df` (varint), the greatest part of all (byte), and if `df ≥ 128` a table with one row a block (last
//! document `u32`, where it starts `u32`, its greatest part as a byte); then the blocks. A full block holds the widths
//! of gaps and counts (two bytes) and both bit-packed; the last, shorter one holds varints: `gap · 2 + (tf = 1)`, and
//! the count where it is not 1. A greatest part is `⌈255 · max tf/(tf + K)⌉` under the segment's own mean length.

use bitpacking::{BitPacker, BitPacker4x};

use super::score::{MOST_TF, Norms, TABLE};

pub const BLOCK: usize = BitPacker4x::BLOCK_LEN;
pub const ROW: usize = 9;

/// Append the list of a term. `docs` ascend; `tfs` are at least 1.
pub fn encode(docs: &[u32], tfs: &[u32], classes: &[u8], norms: &Norms, packer: &BitPacker4x, out: &mut Vec<u8>) {
    put_varint(out, docs.len() as u32);
    let bound_at = out.len();
    out.push(0);
    let table_at = out.len();
    let several = docs.len() >= BLOCK;
    if several {
        out.resize(table_at + docs.len().div_ceil(BLOCK) * ROW, 0);
    }
    let blocks_at = out.len();
    let mut greatest = 0;
    let mut before = 0;
    for (number, (docs, tfs)) in docs.chunks(BLOCK).zip(tfs.chunks(BLOCK)).enumerate() {
        let bound = greatest_part(docs, tfs, classes, norms);
        greatest = greatest.max(bound);
        let last = *docs.last().expect("a chunk is never empty");
        if several {
            let row = table_at + number * ROW;
            let start = (out.len() - blocks_at) as u32;
            out[row..row + 4].copy_from_slice(&last.to_le_bytes());
            out[row + 4..row + 8].copy_from_slice(&start.to_le_bytes());
            out[row + 8] = bound;
        }
        if docs.len() == BLOCK {
            encode_full(before, docs, tfs, packer, out);
        } else {
            encode_short(before, docs, tfs, out);
        }
        before = last;
    }
    out[bound_at] = greatest;
}

fn greatest_part(docs: &[u32], tfs: &[u32], classes: &[u8], norms: &Norms) -> u8 {
    let parts = docs.iter().zip(tfs).map(|(&doc, &tf)| norms.part(classes[doc as usize], tf.min(MOST_TF)));
    (parts.fold(0.0_f32, f32::max) * 255.0).ceil().min(255.0) as u8
}

fn encode_full(before: u32, docs: &[u32], tfs: &[u32], packer: &BitPacker4x, out: &mut Vec<u8>) {
    let counts: [u32; BLOCK] = std::array::from_fn(|at| tfs[at].min(MOST_TF) - 1);
    let (gap_bits, count_bits) = (packer.num_bits_sorted(before, docs), packer.num_bits(&counts));
    out.extend_from_slice(&[gap_bits, count_bits]);
    let mut room = [0_u8; BLOCK * 4];
    let written = packer.compress_sorted(before, docs, &mut room, gap_bits);
    out.extend_from_slice(&room[..written]);
    let written = packer.compress(&counts, &mut room, count_bits);
    out.extend_from_slice(&room[..written]);
}

fn encode_short(mut before: u32, docs: &[u32], tfs: &[u32], out: &mut Vec<u8>) {
    for (&doc, &tf) in docs.iter().zip(tfs) {
        put_varint64(out, (u64::from(doc - before) << 1) | u64::from(tf == 1));
        if tf != 1 {
            put_varint(out, tf.min(MOST_TF));
        }
        before = doc;
    }
}

/// A block that has been taken apart.
pub struct Block {
    pub docs: [u32; BLOCK],
    /// How often the term is in each document beyond the first time.
    pub more: [u32; BLOCK],
    pub length: usize,
    /// Whether a table of parts has every count.
    pub is_in_table: bool,
    packer: BitPacker4x,
}

impl Default for Block {
    fn default() -> Self {
        Self { docs: [0; BLOCK], more: [0; BLOCK], length: 0, is_in_table: false, packer: BitPacker4x::new() }
    }
}

impl Block {
    #[inline]
    #[must_use]
    pub fn docs(&self) -> &[u32] {
        &self.docs[..self.length.min(BLOCK)]
    }

    #[inline]
    #[must_use]
    pub fn more(&self) -> &[u32] {
        &self.more[..self.length.min(BLOCK)]
    }

    /// Take a full block apart; `None` if it does not hold together.
    #[inline]
    pub fn decode_full(&mut self, before: u32, bytes: &[u8]) -> Option<()> {
        let (&[gap_bits, count_bits], packed) = bytes.split_first_chunk::<2>()?;
        let (gaps, counts) = (usize::from(gap_bits) * BLOCK / 8, usize::from(count_bits) * BLOCK / 8);
        if gap_bits > 32 || count_bits > 32 || packed.len() < gaps + counts {
            return None;
        }
        self.packer.decompress_sorted(before, &packed[..gaps], &mut self.docs, gap_bits);
        self.packer.decompress(&packed[gaps..gaps + counts], &mut self.more, count_bits);
        self.is_in_table = count_bits <= TABLE.ilog2() as u8;
        self.length = BLOCK;
        Some(())
    }

    /// Take a short block of `length` documents apart; `None` if it does not hold together.
    #[inline]
    pub fn decode_short(&mut self, before: u32, mut bytes: &[u8], length: usize) -> Option<()> {
        let (mut doc, mut most) = (before, 0);
        for at in 0..length {
            let gap = get_varint(&mut bytes)?;
            doc = doc.wrapping_add((gap >> 1) as u32);
            self.docs[at] = doc;
            self.more[at] = if gap & 1 == 1 { 0 } else { (get_varint(&mut bytes)? as u32).saturating_sub(1) };
            most = most.max(self.more[at]);
        }
        self.is_in_table = most < TABLE as u32;
        self.length = length;
        Some(())
    }
}

fn put_varint(out: &mut Vec<u8>, value: u32) {
    put_varint64(out, u64::from(value));
}

fn put_varint64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Take a number off the front; `None` if the bytes end first or it is longer than a number can be.
#[inline]
pub fn get_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (&first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first < 0x80 {
            return Some(value);
        }
    }
    None
}
