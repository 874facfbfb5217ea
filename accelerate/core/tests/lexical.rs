//! The lexical index against a plain scan of everything, and its files against damage.

use std::collections::HashMap;
use std::fs;

use proptest::prelude::*;
use victor_core::lexical::{Lexical, Params};
use victor_core::text::terms;
use victor_core::{Error, Hit};

fn add(index: &Lexical, key: u64, text: &str) {
    index.add([(key, &[(text, 1)][..])]).expect("keys grow");
}

fn keys_of(hits: &[Hit]) -> Vec<u64> {
    hits.iter().map(|hit| hit.key).collect()
}

fn words_strategy() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![4 => "[a-d]", 2 => "[a-z]{2}", 1 => "[a-z]{3}_[a-z]{2}"];
    let text = proptest::collection::vec(word, 0..30).prop_map(|words| words.join(" "));
    proptest::collection::vec(text, 1..60)
}

#[test]
fn a_document_is_found_before_it_is_flushed() {
    let index = Lexical::in_memory(Params::default());
    add(&index, 7, "the quick fox");
    assert_eq!(keys_of(&index.search("foxes", 5, None).expect("sound")), [7]);
}

#[test]
fn nothing_is_found_in_nothing() {
    let index = Lexical::in_memory(Params::default());
    assert!(index.search("a", 5, None).expect("sound").is_empty());
    add(&index, 0, "");
    assert!(index.search("", 5, None).expect("sound").is_empty());
    assert!(index.search("a", 0, None).expect("sound").is_empty());
}

#[test]
fn a_key_that_does_not_grow_is_refused() {
    let index = Lexical::in_memory(Params::default());
    add(&index, 3, "a");
    assert!(matches!(index.add([(3, &[("b", 1)][..])]), Err(Error::Argument(_))));
}

#[test]
fn words_that_say_nothing_count_only_among_themselves() {
    let index = Lexical::in_memory(Params::default());
    add(&index, 0, "the name of the file");
    add(&index, 1, "of the");
    assert_eq!(keys_of(&index.search("of the file", 5, None).expect("sound")), [0]);
    assert_eq!(keys_of(&index.search("of the", 5, None).expect("sound")), [1, 0]);
}

#[test]
fn a_weighted_field_counts_for_more() {
    let index = Lexical::in_memory(Params::default());
    index.add([(0, &[("other", 3), ("parser", 1)][..]), (1, &[("parser", 3), ("other", 1)][..])]).expect("keys grow");
    assert_eq!(keys_of(&index.search("parser", 5, None).expect("sound")), [1, 0]);
}

#[test]
fn a_folder_gives_back_what_was_flushed() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let index = Lexical::open(folder.path(), Params::default()).expect("a new index");
        (0..500).for_each(|key| add(&index, key, &format!("word{} common", key % 50)));
        index.delete(&[3, 53]).expect("sound");
        index.flush(42).expect("room on the disk");
        add(&index, 500, "lost");
        assert!(matches!(Lexical::open(folder.path(), Params::default()), Err(Error::Locked { .. })));
    }
    let index = Lexical::open(folder.path(), Params::default()).expect("the index");
    let stats = index.stats();
    assert_eq!((stats.documents, stats.dead, stats.next_key, stats.mark), (500, 2, 500, 42));
    assert_eq!(keys_of(&index.search("word3", 3, None).expect("sound")), [103, 153, 203]);
    assert!(index.search("lost", 3, None).expect("sound").is_empty());
}

#[test]
fn every_damaged_byte_is_noticed_or_does_no_harm() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let index = Lexical::open(folder.path(), Params::default()).expect("a new index");
        (0..300).for_each(|key| add(&index, key, &format!("alpha beta{} gamma{}", key % 7, key)));
        index.flush(0).expect("room on the disk");
    }
    for name in ["0000000000.lex", "lexical.manifest"] {
        let path = folder.path().join(name);
        let whole = fs::read(&path).expect("the file");
        for at in (0..whole.len()).step_by(97) {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x40;
            fs::write(&path, &damaged).expect("a writable file");
            let outcome = Lexical::open(folder.path(), Params::default()).and_then(|index| index.verify());
            let harmless = name.ends_with("lex") && at >= whole.len() - 4 || outcome.is_err();
            assert!(harmless, "byte {at} of {name}");
        }
        for length in [0, 5, 100, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..length]).expect("a writable file");
            let outcome = Lexical::open(folder.path(), Params::default());
            assert!(matches!(outcome, Err(Error::Corrupt { .. })), "{length} bytes of {name}");
        }
        fs::write(&path, &whole).expect("a writable file");
    }
    let newer = fs::read(folder.path().join("lexical.manifest")).map(|mut bytes| {
        bytes[8] = 99;
        bytes
    });
    fs::write(folder.path().join("lexical.manifest"), newer.expect("the file")).expect("a writable file");
    let outcome = Lexical::open(folder.path(), Params::default());
    assert!(matches!(outcome, Err(Error::Newer { version: 99, .. })));
    drop(outcome);
    let anew = Lexical::create(folder.path(), Params::default()).expect("a new index");
    assert_eq!(anew.stats().documents, 0);
}

#[test]
fn what_a_crash_left_behind_is_cleared() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("0000000009.lex"), "half").expect("a writable folder");
    fs::write(folder.path().join("0000000009.lex.part"), "half").expect("a writable folder");
    let index = Lexical::open(folder.path(), Params::default()).expect("a new index");
    add(&index, 0, "a");
    index.flush(0).expect("room on the disk");
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, ["0000000000.lex", "lexical.lock", "lexical.manifest"]);
}

#[test]
fn merging_changes_no_score() {
    let index = Lexical::in_memory(Params::default());
    for key in 0..2_000_u64 {
        add(&index, key, &format!("common w{} v{} {}", key % 13, key % 101, "long ".repeat((key % 40) as usize)));
        if key % 200 == 199 {
            index.flush(0).expect("memory");
        }
    }
    let before = index.search("common w3 v7 long", 50, None).expect("sound");
    while index.merge().expect("memory") {}
    assert!(index.stats().segments < 8);
    assert_eq!(index.search("common w3 v7 long", 50, None).expect("sound"), before);
    index.compact().expect("memory");
    assert_eq!(index.stats().segments, 1);
    assert_eq!(index.search("common w3 v7 long", 50, None).expect("sound"), before);
}

#[test]
fn compacting_forgets_the_dead() {
    let index = Lexical::in_memory(Params::default());
    (0..400).for_each(|key| add(&index, key, &format!("w{} common", key % 5)));
    index.flush(0).expect("memory");
    index.delete(&(0..400).filter(|key| key % 3 == 0).collect::<Vec<_>>()).expect("sound");
    index.compact().expect("memory");
    let fresh = Lexical::in_memory(Params::default());
    (0..400).filter(|key| key % 3 != 0).for_each(|key| add(&fresh, key, &format!("w{} common", key % 5)));
    assert_eq!(index.stats().dead, 0);
    assert_eq!(
        index.search("w1 common", 30, None).expect("sound"),
        fresh.search("w1 common", 30, None).expect("sound")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Skipping, blocks, segments, tails, tombstones and filters change nothing: asking for the best k gives the first
    /// k of asking for everything in an index that never skips.
    #[test]
    fn the_best_k_are_the_first_of_all(
        texts in words_strategy(),
        repeats in 1_usize..40,
        query in "[a-d]( [a-z]{1,2}){0,6}",
        cuts in proptest::collection::vec(0_usize..2_000, 0..4),
        doomed in proptest::collection::vec(0_u64..2_000, 0..40),
        k in 1_usize..30,
    ) {
        let (cut, whole) = (Lexical::in_memory(Params::default()), Lexical::in_memory(Params::default()));
        let count = texts.len() * repeats;
        for (key, text) in texts.iter().cycle().take(count).enumerate() {
            add(&cut, key as u64, text);
            add(&whole, key as u64, text);
            if cuts.contains(&key) {
                cut.flush(0).expect("memory");
            }
        }
        prop_assert_eq!(cut.delete(&doomed).expect("sound"), whole.delete(&doomed).expect("sound"));
        let allowed: Vec<u64> = (0..count.div_ceil(64) as u64).map(|word| word.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 0xff).collect();
        for allowed in [None, Some(allowed.as_slice())] {
            let all = whole.search(&query, count, allowed).expect("sound");
            let best = cut.search(&query, k, allowed).expect("sound");
            prop_assert_eq!(&best[..], &all[..k.min(all.len())]);
            let wanted = terms(&query);
            for hit in &all {
                let has = terms(&texts[hit.key as usize % texts.len()]);
                prop_assert!(wanted.iter().any(|term| has.contains(term)));
                prop_assert!(!doomed.contains(&hit.key));
            }
        }
    }

    /// The scores are BM25: the same as by the book wherever lengths are below 16 and so are kept exactly.
    #[test]
    fn scores_are_by_the_book(texts in proptest::collection::vec("[b-d]( [b-e]){0,12}", 1..40), query in "[b-e]( [b-e]){0,3}") {
        let index = Lexical::in_memory(Params::default());
        texts.iter().enumerate().for_each(|(key, text)| add(&index, key as u64, text));
        let split: Vec<Vec<String>> = texts.iter().map(|text| terms(text)).collect();
        let mean = split.iter().map(Vec::len).sum::<usize>() as f64 / texts.len() as f64;
        let mut expected: HashMap<u64, f64> = HashMap::new();
        for term in terms(&query) {
            let df = split.iter().filter(|doc| doc.contains(&term)).count() as f64;
            let idf = (1.0 + (texts.len() as f64 - df + 0.5) / (df + 0.5)).ln();
            for (key, doc) in split.iter().enumerate() {
                let tf = doc.iter().filter(|other| **other == term).count() as f64;
                if tf > 0.0 {
                    let norm = 1.2 * (0.25 + 0.75 * doc.len() as f64 / mean.max(1.0));
                    *expected.entry(key as u64).or_default() += idf * 2.2 * tf / (tf + norm);
                }
            }
        }
        let hits = index.search(&query, texts.len(), None).expect("sound");
        prop_assert_eq!(hits.len(), expected.len());
        for hit in hits {
            prop_assert!((hit.score - expected[&hit.key]).abs() < 1e-5, "{} {}", hit.score, expected[&hit.key]);
        }
    }
}

/// Leaving out windows, terms and blocks changes nothing: among documents of many windows the best k are the first of
/// an answer that holds all, with documents deleted and with a filter too.
#[test]
fn what_is_left_out_could_not_have_been_among_the_best() {
    let (index, count) = (Lexical::in_memory(Params::default()), 30_000_u64);
    let mut state = 7_u64;
    let mut below = |most: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    for key in 0..count {
        // Words as rare as in a language, in runs of documents that are about the same.
        let words: Vec<String> = (0..=below(20))
            .map(|_| {
                let common = 1 + below(300);
                let rank = below(common);
                format!("w{}", if below(4) == 0 { rank + key / 3_000 * 10 } else { rank })
            })
            .collect();
        add(&index, key, &words.join(" "));
        if key == count / 2 {
            index.flush(0).expect("memory");
        }
    }
    index.delete(&(0..count).step_by(7).collect::<Vec<_>>()).expect("sound");
    let allowed: Vec<u64> =
        (0..count.div_ceil(64)).map(|word| if word % 5 == 0 { 0 } else { u64::MAX - word }).collect();
    for number in 0..60 {
        let words: Vec<String> = (0..=number % 9)
            .map(|_| {
                let common = 1 + below(300);
                format!("w{}", below(common))
            })
            .collect();
        let (query, k) = (words.join(" "), 1 + below(25) as usize);
        for allowed in [None, Some(allowed.as_slice())] {
            let all = index.search(&query, count as usize, allowed).expect("sound");
            let best = index.search(&query, k, allowed).expect("sound");
            assert_eq!(best[..], all[..k.min(all.len())], "{query:?}, the best {k}");
        }
    }
}
