//! Static vectors: a table with a row for each piece of a word, and texts as weighted sums of its rows.
//!
//! 1. The same words as in lexical search; each of their parts, unstemmed, is spelled with the longest pieces that the
//!    table has. A part that cannot be spelled says nothing. Letters with accents count as those without.
//! 2. A piece that occurs `n` times counts `⌊16·√n⌋ · weight`. Sums are of whole numbers, so that neither order nor SIMD
//!    width can change them; the vector is then brought to length 1. A text without pieces has a vector of zeros.
//! 3. The file (little endian): `VNBTABLE`, version, rows, dimension, bytes of words, CRC-32 of what follows (5 × u32);
//!    a u16 weight a row; the pieces, one a line, `##` before one that goes on; the rows, bytes in −127…127.

use std::cell::RefCell;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::passages::Passages;
use crate::simd::widest;
use crate::text::{Forms, parts_of_word};
use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"VNBTABLE";
const VERSION: u32 = 1;
const HEADER: usize = 28;
/// Texts that are counted together.
const AT_ONCE: usize = 256;
/// Words that are remembered with their pieces.
const MOST_FORMS: usize = 200_000;
const LANES: usize = 8;
/// `⌊16·√n⌋` for counts that are usual.
const ROOTS: [u16; 256] = {
    let (mut roots, mut count) = ([0; 256], 0);
    while count < 256 {
        roots[count] = (count * 256).isqrt() as u16;
        count += 1;
    }
    roots
};
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
    known: Mutex<Spelled>,
}

/// The words seen so far and the pieces of each.
#[derive(Default)]
struct Spelled {
    forms: Forms,
    spans: Vec<(u32, u32)>,
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
            known: Mutex::default(),
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
        let mut rows = vec![0.0_f32; texts.len() * self.dimension];
        let blocks = rows.par_chunks_mut(AT_ONCE * self.dimension.max(1)).zip(texts.par_chunks(AT_ONCE));
        blocks.for_each(|(rows, texts)| self.fill(&Passages::of(texts), rows));
        rows
    }

    /// Return the vectors of passages, row after row.
    #[must_use]
    pub fn embed_passages(&self, passages: &Passages) -> Vec<f32> {
        let mut rows = vec![0.0_f32; passages.len() * self.dimension];
        self.fill(passages, &mut rows);
        rows
    }

    fn fill(&self, passages: &Passages, rows: &mut [f32]) {
        let (spans, pieces) = self.spelled(passages);
        SUM.with_borrow_mut(|sum| {
            sum.fit(self);
            for (passage, row) in rows.chunks_mut(self.dimension.max(1)).enumerate() {
                for word in passages.said(passage).into_iter().flatten() {
                    let (start, end) = spans[word.form as usize];
                    sum.count(&pieces[start as usize..end as usize], word.count);
                }
                sum.take(self, row);
            }
        });
    }

    /// Return the pieces of each word of passages, as places in a list of pieces.
    fn spelled(&self, passages: &Passages) -> (Vec<(u32, u32)>, Vec<u16>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut spans, mut pieces) = (Vec::with_capacity(passages.forms().len()), Vec::new());
        for word in passages.forms().iter() {
            let start = pieces.len() as u32;
            pieces.extend_from_slice(self.spell(word, &mut known));
            spans.push((start, pieces.len() as u32));
        }
        (spans, pieces)
    }

    fn spell<'a>(&self, word: &str, known: &'a mut Spelled) -> &'a [u16] {
        if known.forms.len() >= MOST_FORMS {
            *known = Spelled::default();
        }
        let (form, is_new) = known.forms.intern(word);
        if is_new {
            let start = known.pieces.len() as u32;
            parts_of_word(word, &mut |part| {
                let plain: String = part.chars().map(without_accent).collect();
                self.pieces(&plain, &mut known.pieces);
            });
            known.spans.push((start, known.pieces.len() as u32));
        }
        let (start, end) = known.spans[form as usize];
        &known.pieces[start as usize..end as usize]
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
}

thread_local! {
    static SUM: RefCell<Sum> = RefCell::default();
}

/// The sum of the rows of one text's pieces: they are counted first, so that each row is added once. Between two texts
/// everything is zero.
#[derive(Default)]
struct Sum {
    counts: Vec<u32>,
    counted: Vec<u16>,
    narrow: Vec<i32>,
    totals: Vec<i64>,
}

impl Sum {
    fn fit(&mut self, table: &StaticTable) {
        self.counts.resize(self.counts.len().max(table.weights.len()), 0);
        self.narrow.resize(table.dimension, 0);
        self.totals.resize(table.dimension, 0);
    }

    fn count(&mut self, pieces: &[u16], times: u32) {
        for &piece in pieces {
            let count = &mut self.counts[usize::from(piece)];
            if *count == 0 {
                self.counted.push(piece);
            }
            *count = count.saturating_add(times);
        }
    }

    /// Write the vector of what was counted, and start anew.
    fn take(&mut self, table: &StaticTable, row: &mut [f32]) {
        let mut most = 0_i64;
        for &piece in &self.counted {
            let place = usize::from(piece);
            let count = u64::from(std::mem::take(&mut self.counts[place]));
            let root = ROOTS.get(count as usize).map_or_else(|| (count * 256).isqrt(), |&root| root.into());
            let factor = root as i64 * i64::from(table.weights[place]);
            let cells = &table.rows[place * table.dimension..(place + 1) * table.dimension];
            let Ok(narrow) = i32::try_from(factor * 128) else {
                self.totals.iter_mut().zip(cells).for_each(|(total, &cell)| *total += factor * i64::from(cell));
                continue;
            };
            most += i64::from(narrow);
            if most > i64::from(i32::MAX) {
                drain(&mut self.narrow, &mut self.totals);
                most = i64::from(narrow);
            }
            add(narrow / 128, cells, &mut self.narrow);
        }
        self.counted.clear();
        drain(&mut self.narrow, &mut self.totals);
        finish(&self.totals, row);
        self.totals.fill(0);
    }
}

widest! {
    fn drain(sums: &mut [i32], totals: &mut [i64]) {
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total += i64::from(*sum);
            *sum = 0;
        }
    }
}

widest! {
    fn add(factor: i32, cells: &[i8], sums: &mut [i32]) {
        for (sum, &cell) in sums.iter_mut().zip(cells) {
            *sum += factor * i32::from(cell);
        }
    }
}

widest! {
    fn finish(totals: &[i64], row: &mut [f32]) {
        let (mut squares, eights) = ([0.0_f64; LANES], totals.chunks_exact(LANES));
        let rest: f64 = eights.remainder().iter().map(|&total| total as f64 * total as f64).sum();
        for eight in eights {
            for (square, &total) in squares.iter_mut().zip(eight) {
                *square += total as f64 * total as f64;
            }
        }
        let length = (squares.iter().sum::<f64>() + rest).sqrt();
        if length > 0.0 {
            for (cell, &total) in row.iter_mut().zip(totals) {
                *cell = (total as f64 / length) as f32;
            }
        }
    }
}

fn without_accent(letter: char) -> char {
    match PLAIN.get((letter as usize).wrapping_sub(0xDF)) {
        Some(b'.') | None => letter,
        Some(&plain) => plain.into(),
    }
}
