//! The embedder that needs nothing: terms hashed into a vector.
//!
//! Each term adds `±√count` at two places that its hash chooses; the vector is then brought to length 1. A text without
//! terms has a vector of zeros.

use std::cell::RefCell;

use crate::text::{Dictionary, spread};

/// Forms that a thread remembers between calls, because a query repeats words of others.
const MOST_FORMS: usize = 200_000;

thread_local! {
    static FORMS: RefCell<Dictionary> = RefCell::default();
}

/// Return the vectors of texts, row after row.
#[must_use]
pub fn embed(texts: &[&str], dimension: usize) -> Vec<f32> {
    FORMS.with_borrow_mut(|forms| {
        if forms.len() > MOST_FORMS {
            forms.clear();
        }
        embed_with(forms, texts, dimension)
    })
}

fn embed_with(forms: &mut Dictionary, texts: &[&str], dimension: usize) -> Vec<f32> {
    let mut rows = Vec::with_capacity(texts.len() * dimension);
    let (mut hashes, mut sums) = (Vec::new(), vec![0.0_f64; dimension]);
    for text in texts {
        hashes.clear();
        forms.intern(text, |term| hashes.push(term));
        let known = forms.term_hashes();
        hashes.sort_unstable_by_key(|&term| known[term as usize]);
        sums.fill(0.0);
        for same in hashes.chunk_by(u32::eq) {
            add(known[same[0] as usize], (same.len() as f64).sqrt(), &mut sums);
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
