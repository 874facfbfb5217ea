//! Several rankings of the same documents made into one.

use std::cmp::Ordering;

use hashbrown::HashMap;

use crate::Hit;

/// Fuse a lexical and a dense ranking: `(1 − α) · lexical/max + α · (dense − min)/(max − min)`; a document that an arm
/// did not return gets 0 from it. Return the best `k`, equal scores by key.
#[must_use]
pub fn convex(lexical: &[Hit], dense: &[Hit], alpha: f64, k: usize) -> Vec<Hit> {
    let mut sums: HashMap<u64, f64> = HashMap::new();
    let best = lexical.iter().fold(0.0, |most, hit| hit.score.max(most));
    for hit in lexical {
        *sums.entry(hit.key).or_default() += (1.0 - alpha) * if best > 0.0 { hit.score / best } else { 0.0 };
    }
    let most = dense.iter().fold(f64::NEG_INFINITY, |most, hit| hit.score.max(most));
    let least = dense.iter().fold(f64::INFINITY, |least, hit| hit.score.min(least));
    for hit in dense {
        // All equal says that none is better: each is as good as the best.
        let scaled = if most > least { (hit.score - least) / (most - least) } else { 1.0 };
        *sums.entry(hit.key).or_default() += alpha * scaled;
    }
    first(sums, k)
}

/// Fuse rankings by ranks alone: the sum of `1/(constant + rank)`, where the first has rank 1. Return the best `k`.
///
/// Source: reciprocal rank fusion, Cormack, Clarke and Büttcher, SIGIR 2009.
#[must_use]
pub fn reciprocal(rankings: &[Vec<Hit>], constant: f64, k: usize) -> Vec<Hit> {
    let mut sums: HashMap<u64, f64> = HashMap::new();
    for ranking in rankings {
        for (place, hit) in ranking.iter().enumerate() {
            *sums.entry(hit.key).or_default() += 1.0 / (constant + (place + 1) as f64);
        }
    }
    first(sums, k)
}

fn first(sums: HashMap<u64, f64>, k: usize) -> Vec<Hit> {
    let mut hits: Vec<Hit> = sums.into_iter().map(|(key, score)| Hit { key, score }).collect();
    hits.sort_by(by_score);
    hits.truncate(k);
    hits
}

/// Higher scores first, then smaller keys.
#[must_use]
pub fn by_score(one: &Hit, other: &Hit) -> Ordering {
    // Adding nothing makes a zero of either sign the same one: equal scores are in the order of keys.
    (other.score + 0.0).total_cmp(&(one.score + 0.0)).then(one.key.cmp(&other.key))
}
