//! The small computations.

use std::collections::VecDeque;

use proptest::prelude::*;
use victor_core::hot::cache::Cache;
use victor_core::hot::classify::Classifier;
use victor_core::hot::embed::embed;
use victor_core::hot::near::near_duplicates;
use victor_core::hot::similar::top_k;

#[test]
fn texts_that_share_words_are_similar() {
    let rows = embed(&["load a csv table", "read csv tables", "boundary layer flow", ""], 64);
    let found = top_k(&rows[..64], &rows, 4).expect("finite");
    assert_eq!(found.iter().map(|hit| hit.key).collect::<Vec<_>>()[..2], [0, 1]);
    assert!(rows[192..].iter().all(|&value| value == 0.0));
}

#[test]
fn near_duplicates_are_found_and_others_not() {
    let long = "the quick brown fox jumps over the lazy dog and runs far away from it into the deep wood ".repeat(3);
    let almost = long.replace("lazy", "sleepy");
    let pairs = near_duplicates(&[&long, "something else", &almost, "", "", "something else"], 0.6);
    assert_eq!(pairs.iter().map(|pair| (pair.one, pair.other)).collect::<Vec<_>>(), [(0, 2), (1, 5)]);
    assert!((pairs[1].overlap - 1.0).abs() < 1e-12);
}

#[test]
fn a_classifier_learns_from_a_few_texts() {
    let mut classifier = Classifier::default();
    assert!(classifier.probabilities("x").is_empty());
    classifier.learn("read the csv table", "data");
    classifier.learn("plot a line chart", "draw");
    let likely = classifier.probabilities("charts with lines");
    assert_eq!((likely[1].0, likely[1].1 > 0.7), ("draw", true));
}

proptest! {
    /// The cache does what a list with the newest in front does.
    #[test]
    fn the_cache_is_a_list_with_the_newest_in_front(
        steps in proptest::collection::vec((0_u8..3, 0_u8..8, 0.0_f64..3.0), 0..200),
        capacity in 0_usize..5,
    ) {
        let mut cache = Cache::new(capacity, 4.0);
        let mut model: VecDeque<(u8, usize, f64)> = VecDeque::new();
        let mut now = 0.0;
        for (number, (what, key, pause)) in steps.into_iter().enumerate() {
            now += pause;
            let at = model.iter().position(|entry| entry.0 == key);
            let name = key.to_string();
            match what {
                0 => {
                    let expected = at.and_then(|at| model.remove(at)).filter(|entry| entry.2 > now);
                    expected.into_iter().for_each(|entry| model.push_front(entry));
                    prop_assert_eq!(cache.get(&name, now).copied(), expected.map(|entry| entry.1));
                }
                1 => {
                    at.and_then(|at| model.remove(at));
                    model.push_front((key, number, now + 4.0));
                    model.truncate(capacity);
                    cache.put(&name, number, now);
                }
                _ => {
                    let expected = at.and_then(|at| model.remove(at)).map(|entry| entry.1);
                    prop_assert_eq!(cache.pop(&name), expected);
                }
            }
            prop_assert_eq!(cache.len(), model.len());
        }
    }
}
