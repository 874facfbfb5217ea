//! The embedder that needs nothing: terms hashed into a vector.
//!
//! Each term adds `±√count` at two places that its hash chooses; the vector is then brought to length 1. A text without
//! terms has a vector of zeros.

use std::cell::RefCell;

use crate::passages::Passages;
use crate::text::{Dictionary, spread};

/// Texts that are counted together.
const AT_ONCE: usize = 256;
/// Forms that a thread remembers between calls, because a query repeats words of others.
const MOST_FORMS: usize = 200_000;

thread_local! {
    static FORMS: RefCell<Dictionary> = RefCell::default();
}

/// Return the vectors of texts, row after row.
#[must_use]
pub fn embed(texts: &[&str], dimension: usize) -> Vec<f32> {
    texts.chunks(AT_ONCE).flat_map(|texts| embed_passages(&Passages::of(texts), dimension)).collect()
}

/// Return the vectors of passages, row after row.
#[must_use]
pub fn embed_passages(passages: &Passages, dimension: usize) -> Vec<f32> {
    FORMS.with_borrow_mut(|forms| {
        if forms.len() > MOST_FORMS {
            forms.clear();
        }
        embed_with(forms, passages, dimension)
    })
}

fn embed_with(forms: &mut Dictionary, passages: &Passages, dimension: usize) -> Vec<f32> {
    let known: Vec<u32> = passages.forms().iter().map(|word| forms.form(word)).collect();
    let mut rows = Vec::with_capacity(passages.len() * dimension);
    let (mut terms, mut sums) = (Vec::new(), vec![0.0_f64; dimension]);
    for passage in 0..passages.len() {
        terms.clear();
        for word in passages.said(passage).into_iter().flatten() {
            let own = forms.terms_of(known[word.form as usize]).iter();
            terms.extend(own.map(|&term| (forms.term_hashes()[term as usize], word.count)));
        }
        terms.sort_unstable();
        sums.fill(0.0);
        for same in terms.chunk_by(|one, other| one.0 == other.0) {
            let count: u64 = same.iter().map(|&(_, count)| u64::from(count)).sum();
            add(same[0].0, (count as f64).sqrt(), &mut sums);
        }
        let length = sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt();
        rows.extend(sums.iter().map(|sum| if length > 0.0 { (sum / length) as f32 } else { 0.0 }));
    }
    rows
}

fn add(hash: u64, weight: f64, sums: &mut [f64]) {
    for value in [hash, spread(hash ^ 1)] {
        let sign = if value >> 63 == 0 { 1.0 } else { -1.0 };
        sums[(value % sums.len() as u64) as usize] += sign * weight;
    }
}
