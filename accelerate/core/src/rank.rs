//! What decides code search beyond words: where a chunk lies, what it defines, and how its file does as a whole.
//!
//! The rules, applied to scores between 0 and 1 (`victor_nb/retrieval/core/twin/rank.py` states the same):
//! 1. Terms of the query that are in the path raise a chunk: `· (1 + 0.4 · share of them)`.
//! 2. A chunk that defines a name of the query is what was asked for: `+ 1` if the whole name is a term of the query
//!    (divided by the number of terms if the name is a single word, which a sentence may hold without naming it), else
//!    `+ 0.35 · share²`, where the share counts the name's parts that are.
//! 3. Tests, deprecated code and `__init__` files stand back, unless the query names such: `· 0.6`, `· 0.6`, `· 0.8`.
//! 4. Chunks of one file support each other: `+ 0.15 · (the best other one of its file)`.

use hashbrown::{HashMap, HashSet};

use crate::Hit;
use crate::fuse::by_score;
use crate::text::{hash_term, terms, terms_of_word, words};

const PATH: f64 = 0.4;
const WHOLE_NAME: f64 = 1.0;
const PART_OF_NAME: f64 = 0.35;
const NEIGHBOUR: f64 = 0.15;
/// Terms that make a chunk stand back, and by how much.
const ASIDE: [(&str, f64); 6] =
    [("test", 0.6), ("conftest", 0.6), ("deprec", 0.6), ("legaci", 0.6), ("compat", 0.8), ("init", 0.8)];

struct Name {
    whole: u64,
    parts: Vec<u64>,
}

struct Place {
    file: u64,
    path: HashSet<u64>,
    names: Vec<Name>,
    aside: Vec<(u64, f64)>,
}

/// What is known about chunks of code, by key.
#[derive(Default)]
pub struct CodeRanks {
    places: HashMap<u64, Place>,
}

impl CodeRanks {
    /// Note where a chunk lies and which names it defines.
    pub fn add(&mut self, key: u64, path: &str, names: &[&str]) {
        let path_terms: HashSet<u64> = terms(path).iter().map(|term| hash_term(term)).collect();
        let aside = ASIDE.iter().map(|&(term, factor)| (hash_term(term), factor));
        let aside = aside.filter(|(term, _)| path_terms.contains(term)).collect();
        let names = names.iter().filter_map(|name| name_of(name)).collect();
        self.places.insert(key, Place { file: hash_term(path), path: path_terms, names, aside });
    }

    /// Forget a chunk.
    pub fn remove(&mut self, key: u64) {
        self.places.remove(&key);
    }

    /// Whether anything was noted of a chunk.
    #[must_use]
    pub fn knows(&self, key: u64) -> bool {
        self.places.contains_key(&key)
    }

    /// Return how many chunks are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Rank what a search found anew and return the best `k`; a chunk that is not known keeps its scaled score.
    #[must_use]
    pub fn rank(&self, query: &str, found: &[Hit], k: usize) -> Vec<Hit> {
        let asked: HashSet<u64> = terms(query).iter().map(|term| hash_term(term)).collect();
        let best = found.iter().fold(0.0, |most, hit| hit.score.max(most));
        let scale = if best > 0.0 { 1.0 / best } else { 0.0 };
        let mut hits: Vec<Hit> =
            found.iter().map(|hit| Hit { key: hit.key, score: self.own(&asked, hit.key, hit.score * scale) }).collect();
        self.support(&mut hits);
        hits.sort_by(by_score);
        hits.truncate(k);
        hits
    }

    fn own(&self, asked: &HashSet<u64>, key: u64, score: f64) -> f64 {
        let Some(place) = self.places.get(&key) else { return score };
        let named = asked.iter().filter(|&term| place.path.contains(term)).count();
        let mut score = score * (1.0 + PATH * named as f64 / asked.len().max(1) as f64);
        score += place.names.iter().map(|name| worth(name, asked)).fold(0.0, f64::max);
        for (term, factor) in &place.aside {
            if !asked.contains(term) {
                score *= factor;
            }
        }
        score
    }

    fn support(&self, hits: &mut [Hit]) {
        let mut files: HashMap<u64, [f64; 2]> = HashMap::new();
        for hit in hits.iter() {
            if let Some(place) = self.places.get(&hit.key) {
                let [best, second] = files.entry(place.file).or_default();
                if hit.score > *best {
                    (*best, *second) = (hit.score, *best);
                } else if hit.score > *second {
                    *second = hit.score;
                }
            }
        }
        for hit in hits {
            if let Some([best, second]) = self.places.get(&hit.key).and_then(|place| files.get(&place.file)) {
                hit.score += NEIGHBOUR * if hit.score < *best { best } else { second };
            }
        }
    }
}

fn name_of(name: &str) -> Option<Name> {
    let word = words(name).last()?;
    let mut hashes = Vec::new();
    terms_of_word(word, &mut |term| hashes.push(hash_term(term)));
    let whole = *hashes.first()?;
    let parts = if hashes.len() > 1 { hashes.split_off(1) } else { hashes };
    Some(Name { whole, parts })
}

fn worth(name: &Name, asked: &HashSet<u64>) -> f64 {
    if asked.contains(&name.whole) {
        return if name.parts == [name.whole] { WHOLE_NAME / asked.len() as f64 } else { WHOLE_NAME };
    }
    let share = name.parts.iter().filter(|&part| asked.contains(part)).count() as f64 / name.parts.len() as f64;
    PART_OF_NAME * share * share
}
