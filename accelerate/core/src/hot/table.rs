//! Static vectors: a table with a row for each piece of a word, and texts as weighted sums of its rows.
//!
//! 1. The same words as in lexical search; each of their parts, unstemmed, is spelled with the longest pieces that the
//!    table has. A part that cannot be spelled says nothing. Letters with accents count as those without.
//! 2. A piece that occurs `n` times counts `⌊16·√n⌋ · weight`. Sums are of whole numbers, so that neither order nor SIMD
//!    width can change them; the vector is then brought to length 1. A text without pieces has a vector of zeros.
//! 3. The file (little endian): `VNBTABLE`, version, rows, dimension, bytes of words, CRC-32 of what follows (5 × u32);
//!    a u16 weight a row; the pieces, one a line, `##` before one that goes on; the rows, bytes in −127…127.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::text::{parts_of_word, words};
use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"VNBTABLE";
const VERSION: u32 = 1;
const HEADER: usize = 28;
/// Words that are remembered with their pieces.
const MOST_FORMS: usize = 200_000;
/// What U+00DF…U+017F are without their accents; a dot where there is no such letter.
const PLAIN: &[u8; 161] = b".aaaaaa.ceeeeiiii.nooooo..uuuuy.yaaaaaaccccccccdd..eeeeeeeeeegggggggghh..iiiiiiiii...jjkk\
.llllll....nnnnnn...oooooo..rrrrrrsssssssstttt..uuuuuuuuuuuuwwyyyzzzzzz.";

/// A table of static vectors, and the pieces of the words seen so far.
pub struct StaticTable {
    dimension: usize,
    weights: Vec<u16>,
    rows: Vec<i8>,
    first: HashMap<Box<str>, u16>,
    later: HashMap<Box<str>, u16>,
    forms: Mutex<Forms>,
}

#[derive(Default)]
struct Forms {
    known: HashMap<Box<str>, (u32, u32)>,
    pieces: Vec<u16>,
}

impl StaticTable {
    /// Read a table.
    ///
    /// # Errors
    /// `Io`, `Corrupt`, `Newer`.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io { file: path.into(), source })?;
        Self::parse(&bytes).map_err(|problem| problem.in_file(path))
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let numbers = bytes.get(MAGIC.len()..HEADER).ok_or_else(|| Error::corrupt("it is cut short"))?;
        if !bytes.starts_with(MAGIC) {
            return Err(Error::corrupt("it is no table of static vectors"));
        }
        let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| numbers[at * 4 + byte]));
        let (version, sum) = (number(0), number(4));
        let (count, dimension, spelled) = (number(1) as usize, number(2) as usize, number(3) as usize);
        if version > VERSION {
            return Err(Error::Newer { file: Default::default(), version, known: VERSION });
        }
        let body = &bytes[HEADER..];
        if crc32fast::hash(body) != sum
            || count.checked_mul(dimension + 2).map(|size| size + spelled) != Some(body.len())
        {
            return Err(Error::corrupt("its checksum or its size is wrong"));
        }
        let (weights, body) = body.split_at(count * 2);
        let (spelled, rows) = body.split_at(spelled);
        let spelled = std::str::from_utf8(spelled).map_err(|_| Error::corrupt("its pieces are no text"))?;
        let mut table = Self {
            dimension,
            weights: weights.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect(),
            rows: rows.iter().map(|&byte| byte.cast_signed()).collect(),
            first: HashMap::with_capacity(count),
            later: HashMap::new(),
            forms: Mutex::default(),
        };
        for (row, piece) in spelled.split('\n').take(count).enumerate() {
            let row = u16::try_from(row).map_err(|_| Error::corrupt("it has too many rows"))?;
            match piece.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => table.later.insert(rest.into(), row),
                _ => table.first.insert(piece.into(), row),
            };
        }
        Ok(table)
    }

    #[must_use]
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Return the vectors of texts, row after row.
    #[must_use]
    pub fn embed(&self, texts: &[&str]) -> Vec<f32> {
        let (mut pieces, mut ends) = (Vec::new(), vec![0]);
        {
            let mut forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
            for text in texts {
                self.spell(text, &mut forms, &mut pieces);
                ends.push(pieces.len());
            }
        }
        let mut rows = vec![0.0_f32; texts.len() * self.dimension];
        let fill = |(number, row): (usize, &mut [f32])| {
            let mut mine = pieces[ends[number]..ends[number + 1]].to_vec();
            self.sum(&mut mine, row);
        };
        match texts.len() {
            0..64 => rows.chunks_mut(self.dimension.max(1)).enumerate().for_each(fill),
            _ => rows.par_chunks_mut(self.dimension.max(1)).enumerate().for_each(fill),
        }
        rows
    }

    fn spell(&self, text: &str, forms: &mut Forms, onto: &mut Vec<u16>) {
        for word in words(text) {
            let (start, end) = match forms.known.get(word) {
                Some(&span) => span,
                None => self.learn(word, forms),
            };
            onto.extend_from_slice(&forms.pieces[start as usize..end as usize]);
        }
    }

    fn learn(&self, word: &str, forms: &mut Forms) -> (u32, u32) {
        if forms.known.len() >= MOST_FORMS {
            *forms = Forms::default();
        }
        let start = forms.pieces.len() as u32;
        parts_of_word(word, &mut |part| {
            let plain: String = part.chars().map(without_accent).collect();
            self.pieces(&plain, &mut forms.pieces);
        });
        let span = (start, forms.pieces.len() as u32);
        forms.known.insert(word.into(), span);
        span
    }

    fn pieces(&self, part: &str, onto: &mut Vec<u16>) {
        let (before, mut start) = (onto.len(), 0);
        while start < part.len() {
            let table = if start == 0 { &self.first } else { &self.later };
            let ends = part[start..].char_indices().map(|(at, letter)| start + at + letter.len_utf8());
            let Some((end, &row)) = ends.rev().find_map(|end| table.get(&part[start..end]).map(|row| (end, row)))
            else {
                return onto.truncate(before);
            };
            onto.push(row);
            start = end;
        }
    }

    fn sum(&self, pieces: &mut [u16], row: &mut [f32]) {
        pieces.sort_unstable();
        let (mut sums, mut totals, mut most) = (vec![0_i32; self.dimension], vec![0_i64; self.dimension], 0_i64);
        for same in pieces.chunk_by(u16::eq) {
            let place = usize::from(same[0]);
            let factor = (same.len() as u64 * 256).isqrt() as i64 * i64::from(self.weights[place]);
            let cells = &self.rows[place * self.dimension..(place + 1) * self.dimension];
            let Ok(narrow) = i32::try_from(factor * 128) else {
                totals.iter_mut().zip(cells).for_each(|(total, &cell)| *total += factor * i64::from(cell));
                continue;
            };
            most += i64::from(narrow);
            if most > i64::from(i32::MAX) {
                drain(&mut sums, &mut totals);
                most = i64::from(narrow);
            }
            add(narrow / 128, cells, &mut sums);
        }
        drain(&mut sums, &mut totals);
        let length = totals.iter().map(|&total| total as f64 * total as f64).sum::<f64>().sqrt();
        if length > 0.0 {
            row.iter_mut().zip(&totals).for_each(|(cell, &total)| *cell = (total as f64 / length) as f32);
        }
    }
}

fn drain(sums: &mut [i32], totals: &mut [i64]) {
    totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += i64::from(std::mem::take(sum)));
}

fn add(factor: i32, cells: &[i8], sums: &mut [i32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { add_wide(factor, cells, sums) };
    }
    add_portable(factor, cells, sums);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_wide(factor: i32, cells: &[i8], sums: &mut [i32]) {
    add_portable(factor, cells, sums);
}

#[inline(always)]
fn add_portable(factor: i32, cells: &[i8], sums: &mut [i32]) {
    for (sum, &cell) in sums.iter_mut().zip(cells) {
        *sum += factor * i32::from(cell);
    }
}

fn without_accent(letter: char) -> char {
    match PLAIN.get((letter as usize).wrapping_sub(0xDF)) {
        Some(b'.') | None => letter,
        Some(&plain) => plain.into(),
    }
}
