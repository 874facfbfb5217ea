//! What the tokenizer promises.

use proptest::prelude::*;
use victor_core::text::{Dictionary, hash_term, terms, words};

#[test]
fn an_identifier_gives_itself_and_its_parts() {
    assert_eq!(terms("parseHTTPResponse2"), ["parsehttpresponse2", "pars", "http", "respons", "2"]);
    assert_eq!(terms("read_csv"), ["readcsv", "read", "csv"]);
    assert_eq!(terms("pandas.DataFrame"), ["panda", "dataframe", "data", "frame"]);
}

#[test]
fn one_part_gives_one_stemmed_term() {
    assert_eq!(terms("Running __init__"), ["run", "init"]);
}

#[test]
fn scripts_without_spaces_give_pairs() {
    assert_eq!(terms("東京都"), ["東京", "京都"]);
    assert_eq!(terms("get東"), ["get", "東"]);
}

#[test]
fn case_folds_beyond_ascii() {
    assert_eq!(terms("ÉCOLE École"), ["école", "école"]);
}

#[test]
fn a_very_long_word_is_one_term_of_its_beginning() {
    assert_eq!(terms(&"Ab1".repeat(100)), ["ab1".repeat(100)[..64].to_owned()]);
}

#[test]
fn emoji_and_punctuation_separate() {
    assert_eq!(terms("a🎉b — c"), ["a", "b", "c"]);
    assert_eq!(terms(" \u{2028}…"), Vec::<String>::new());
}

proptest! {
    #[test]
    fn the_dictionary_changes_nothing(texts in proptest::collection::vec("\\PC{0,40}", 1..6)) {
        let mut dictionary = Dictionary::default();
        for text in &texts {
            let plain: Vec<u64> = terms(text).iter().map(|term| hash_term(term)).collect();
            let mut interned = Vec::new();
            dictionary.intern(text, |term| interned.push(term));
            let hashes = dictionary.term_hashes();
            prop_assert_eq!(&plain, &interned.iter().map(|&id| hashes[id as usize]).collect::<Vec<_>>());
            let mut found = Vec::new();
            dictionary.hashes(text, |hash| found.push(hash));
            prop_assert_eq!(&plain, &found);
        }
    }

    #[test]
    fn any_text_is_taken_apart_without_panic(text in any::<String>()) {
        prop_assert!(words(&text).all(|word| !word.is_empty()));
        let _ = terms(&text);
    }
}
