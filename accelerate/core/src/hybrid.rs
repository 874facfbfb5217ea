//! One question put to both kinds of index: what each found, fused, and ranked by what is known of the chunks.

use hashbrown::HashMap;

use crate::Hit;
use crate::fuse::convex;
use crate::rank::CodeRanks;

/// What both kinds of index found for one question, fused and not ranked yet.
pub struct Candidates {
    fused: Vec<Hit>,
    lexical: HashMap<u64, f64>,
    dense: HashMap<u64, f64>,
}

/// A chunk with its rank's score, and the score that each index gave it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    pub hit: Hit,
    pub lexical: Option<f64>,
    pub dense: Option<f64>,
}

impl Candidates {
    /// Fuse what both found, as `fuse::convex` does; what one alone found keeps its scores. The best `k` are candidates.
    #[must_use]
    pub fn new(lexical: &[Hit], dense: &[Hit], alpha: f64, k: usize) -> Self {
        let fused = match (lexical, dense) {
            ([], one) | (one, []) => one[..one.len().min(k)].to_vec(),
            _ => convex(lexical, dense, alpha, k),
        };
        let by_key = |hits: &[Hit]| hits.iter().map(|hit| (hit.key, hit.score)).collect();
        Self { fused, lexical: by_key(lexical), dense: by_key(dense) }
    }

    /// Return the keys of which the ranks know nothing.
    #[must_use]
    pub fn unknown_to(&self, ranks: &CodeRanks) -> Vec<u64> {
        self.fused.iter().map(|hit| hit.key).filter(|&key| !ranks.knows(key)).collect()
    }

    /// Return the best `k`, as `CodeRanks::rank` has them.
    #[must_use]
    pub fn ranked(&self, ranks: &CodeRanks, query: &str, k: usize) -> Vec<Ranked> {
        let score_in = |scores: &HashMap<u64, f64>, hit: Hit| scores.get(&hit.key).copied();
        let best = ranks.rank(query, &self.fused, k).into_iter();
        best.map(|hit| Ranked { hit, lexical: score_in(&self.lexical, hit), dense: score_in(&self.dense, hit) })
            .collect()
    }
}
