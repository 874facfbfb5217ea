//! The small computations.

use std::collections::VecDeque;

use proptest::prelude::*;
use victor_core::hot::cache::Cache;
use victor_core::hot::classify::Classifier;
use victor_core::hot::embed::embed;
use victor_core::hot::near::near_duplicates;
use victor_core::hot::similar::top_k;
use victor_core::hot::table::StaticTable;

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

/// A small table in the format of the file: two pieces that begin a word and one that goes on.
fn small_table() -> Vec<u8> {
    let (weights, spelled, rows) = ([100_u16, 50, 25], "load\ntable\n##s", [127_i8, 0, 0, 127, 64, -64]);
    let mut body: Vec<u8> = weights.iter().flat_map(|weight| weight.to_le_bytes()).collect();
    body.extend(spelled.bytes());
    body.extend(rows.iter().map(|cell| cell.cast_unsigned()));
    let numbers = [1, 3, 2, spelled.len() as u32, crc32fast::hash(&body)];
    let header = numbers.iter().flat_map(|number: &u32| number.to_le_bytes());
    b"VNBTABLE".iter().copied().chain(header).chain(body).collect()
}

fn opened(bytes: &[u8]) -> victor_core::Result<StaticTable> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("small.table");
    std::fs::write(&path, bytes).expect("written");
    StaticTable::open(&path)
}

#[test]
fn static_vectors_are_sums_of_the_rows_that_words_are_spelled_with() {
    let table = opened(&small_table()).expect("a good file");
    let rows = table.embed(&["load", "LOAD_table", "tables", "unknown", ""]);
    assert_eq!(rows[..2], [1.0, 0.0]);
    assert!((rows[2] / rows[3] - 2.0).abs() < 1e-6, "weights of 100 and 50");
    assert!((rows[4] / rows[5] - 1600.0 / (6350.0 - 1600.0)).abs() < 1e-6);
    assert_eq!(rows[6..], [0.0; 4]);
}

proptest! {
    #[test]
    fn a_damaged_table_is_an_error_and_never_a_panic(at in 0_usize..64, value: u8, cut in 0_usize..64) {
        let mut bytes = small_table();
        let at = at % bytes.len();
        let same = bytes[at] == value;
        bytes[at] = value;
        prop_assert_eq!(opened(&bytes).is_ok(), same);
        bytes.truncate(cut.min(bytes.len() - 1));
        prop_assert!(opened(&bytes).is_err());
    }
}
