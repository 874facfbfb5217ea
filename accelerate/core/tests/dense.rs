//! The dense index against a plain scan of everything, with every kernel of this machine.

use proptest::prelude::*;
use victor_core::dense::{Dense, available};
use victor_core::{Error, Hit};

fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next() + next() + next()).collect()
}

/// Vectors that lean on a few common directions each, as those of texts do.
fn with_topics(dimension: usize, count: usize, seed: u64) -> Vec<f32> {
    let (topics, mut vectors) = (noise(dimension * 64, 7), noise(dimension * count, seed));
    for (at, vector) in vectors.chunks_mut(dimension).enumerate() {
        for topic in [at * 7 % 64, at * 13 % 61, at / 64 % 64] {
            vector.iter_mut().zip(&topics[topic * dimension..]).for_each(|(value, lean)| *value += 1.5 * lean);
        }
    }
    vectors
}

fn by_the_book(vectors: &[f32], query: &[f32], dimension: usize) -> Vec<(u64, f64)> {
    let length = |vector: &[f32]| vector.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    let cosine = |vector: &[f32]| {
        let dot: f64 = vector.iter().zip(query).map(|(&one, &other)| f64::from(one) * f64::from(other)).sum();
        let lengths = length(vector) * length(query);
        if lengths > 0.0 { dot / lengths } else { 0.0 }
    };
    let mut all: Vec<(u64, f64)> =
        vectors.chunks(dimension).map(cosine).enumerate().map(|(at, score)| (at as u64, score)).collect();
    all.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
    all
}

fn keys_of(hits: &[Hit]) -> Vec<u64> {
    hits.iter().map(|hit| hit.key).collect()
}

#[test]
fn a_wrong_dimension_and_nan_are_refused() {
    let index = Dense::in_memory(3).expect("a dimension");
    assert!(matches!(index.add(&[0], &[1.0, 2.0]), Err(Error::Vectors(_))));
    assert!(matches!(index.add(&[0], &[1.0, f32::NAN, 0.0]), Err(Error::Vectors(_))));
    assert!(matches!(index.search(&[1.0], 1, None), Err(Error::Vectors(_))));
    assert!(matches!(Dense::in_memory(0), Err(Error::Vectors(_))));
    assert_eq!(index.stats().documents, 0);
}

#[test]
fn a_folder_gives_back_what_was_flushed() {
    let folder = tempfile::tempdir().expect("a folder");
    let vectors = noise(300 * 20, 1);
    let before = {
        let index = Dense::open(folder.path(), 20).expect("a new index");
        index.add(&(0..300).collect::<Vec<_>>(), &vectors).expect("sound vectors");
        index.delete(&[5]).expect("sound");
        index.flush(9).expect("room on the disk");
        index.search(&vectors[100..120], 7, None).expect("sound")
    };
    let index = Dense::open(folder.path(), 20).expect("the index");
    assert_eq!(index.search(&vectors[100..120], 7, None).expect("sound"), before);
    assert!(!keys_of(&before).contains(&5));
    assert_eq!((index.stats().mark, index.stats().dead), (9, 1));
    drop(index);
    assert!(matches!(Dense::open(folder.path(), 21), Err(Error::Vectors(_))));
}

#[test]
fn a_large_segment_is_searched_by_bits_and_misses_little() {
    let (dimension, count) = (96, 24_000);
    let vectors = with_topics(dimension, count, 3);
    let keys: Vec<u64> = (0..count as u64).collect();
    for kernels in available() {
        let index = Dense::in_memory(dimension).expect("a dimension").with_kernels(kernels);
        index.add(&keys, &vectors).expect("sound vectors");
        index.flush(0).expect("memory");
        let mut found = 0;
        for at in 0..20 {
            let query = &with_topics(dimension, 8, 1_000 + at)[..dimension];
            let exact = keys_of(&index.search_exactly(query, 10, None).expect("sound"));
            assert_eq!(
                exact,
                by_the_book(&vectors, query, dimension)[..10].iter().map(|hit| hit.0).collect::<Vec<_>>()
            );
            let quick = keys_of(&index.search(query, 10, None).expect("sound"));
            found += quick.iter().filter(|key| exact.contains(key)).count();
        }
        assert!(found >= 198, "{found} of 200 with {}", kernels.name);
    }
}

#[test]
fn whoever_asks_for_more_than_there_are_gets_all() {
    let (dimension, count) = (64, 6_000);
    let index = Dense::in_memory(dimension).expect("a dimension");
    index.add(&(0..count as u64).collect::<Vec<_>>(), &with_topics(dimension, count, 11)).expect("sound vectors");
    index.flush(0).expect("memory");
    for k in [count + 1, 1 << 50, usize::MAX] {
        assert_eq!(index.search(&noise(dimension, 2), k, None).expect("sound").len(), count);
    }
}

#[test]
fn vectors_in_memory_and_in_a_folder_are_found_alike() {
    let (dimension, count) = (64, 6_000);
    let (vectors, keys) = (with_topics(dimension, count, 5), (0..count as u64).collect::<Vec<_>>());
    let folder = tempfile::tempdir().expect("a folder");
    let memory = Dense::in_memory(dimension).expect("a dimension");
    let stored = Dense::create(folder.path(), dimension).expect("a new index");
    for index in [&memory, &stored] {
        index.add(&keys, &vectors).expect("sound vectors");
        index.delete(&[17, 3_000]).expect("sound");
        index.flush(0).expect("room on the disk");
    }
    let allowed = vec![0x0ff0_ffff_00ff_ff0f; count.div_ceil(64)];
    for query in vectors.chunks(dimension).step_by(301) {
        for bits in [None, Some(&allowed[..])] {
            let found = memory.search(query, 10, bits).expect("sound");
            assert_eq!(found, stored.search(query, 10, bits).expect("sound"));
        }
    }
}

#[test]
fn every_kernel_finds_the_same() {
    let (dimension, count) = (130, 9_000);
    let (vectors, keys) = (with_topics(dimension, count, 8), (0..count as u64).collect::<Vec<_>>());
    let indexes = available().into_iter().map(|kernels| {
        let index = Dense::in_memory(dimension).expect("a dimension").with_kernels(kernels);
        index.add(&keys, &vectors).expect("sound vectors");
        index.flush(0).expect("memory");
        index
    });
    let indexes: Vec<_> = indexes.collect();
    let allowed = vec![0xffff_0fff_fff3_ffff; count.div_ceil(64)];
    for query in vectors.chunks(dimension).step_by(501) {
        for bits in [None, Some(&allowed[..])] {
            let found: Vec<_> = indexes.iter().map(|index| index.search(query, 10, bits).expect("sound")).collect();
            assert!(found.iter().all(|other| *other == found[0]));
        }
    }
}

#[test]
fn equal_vectors_are_all_as_near_and_come_by_their_keys() {
    let (dimension, count) = (64, 5_000);
    let vectors = noise(dimension, 3).repeat(count);
    let index = Dense::in_memory(dimension).expect("a dimension");
    index.add(&(0..count as u64).collect::<Vec<_>>(), &vectors).expect("sound vectors");
    index.flush(0).expect("memory");
    assert_eq!(keys_of(&index.search(&vectors[..dimension], 5, None).expect("sound")), [0, 1, 2, 3, 4]);
}

#[test]
fn one_bad_number_among_more_than_a_segment_refuses_them_all() {
    let dimension = 65_536;
    let (count, bad) = (1_030, 1_025 * dimension + 7);
    let index = Dense::in_memory(dimension).expect("a dimension");
    let keys: Vec<u64> = (0..count as u64).collect();
    let read = |from: usize, onto: &mut [f32]| {
        onto.fill(1.0);
        if (from..from + onto.len()).contains(&bad) {
            onto[bad - from] = f32::NAN;
        }
    };
    let refused = index.add_from(&keys, count * dimension, read).expect_err("a bad number");
    assert_eq!(refused.to_string(), "vector 1025 holds NaN");
    assert_eq!(index.stats().documents, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever the kernels, segments, deletions and filters: the nearest are those of a plain scan.
    #[test]
    fn the_nearest_are_those_of_a_plain_scan(
        dimension in 1_usize..150,
        count in 1_usize..120,
        seed in any::<u64>(),
        flush_at in 0_usize..120,
        doomed in proptest::collection::vec(0_u64..120, 0..20),
        k in 1_usize..20,
    ) {
        let mut vectors = noise(dimension * count, seed);
        // Copies and zeros make ties.
        let half = vectors.len() / dimension / 2 * dimension;
        vectors.copy_within(..half / 2 / dimension * dimension, half);
        vectors[..dimension].fill(0.0);
        let query = noise(dimension, !seed);
        let allowed: Vec<u64> = vec![0xf0f3_77ff_0fff_fff1; 2];
        let may = |key: u64| !doomed.contains(&key);
        let is_allowed = |key: u64| allowed[key as usize / 64] >> (key % 64) & 1 == 1;
        let book = by_the_book(&vectors, &query, dimension);
        for kernels in available() {
            let index = Dense::in_memory(dimension).expect("a dimension").with_kernels(kernels);
            for (key, vector) in vectors.chunks(dimension).enumerate() {
                index.add(&[key as u64], vector).expect("a sound vector");
                if key == flush_at {
                    index.flush(0).expect("memory");
                }
            }
            index.delete(&doomed).expect("sound");
            for (bits, hits) in [
                (None, index.search(&query, k, None)),
                (Some(()), index.search_exactly(&query, k, Some(&allowed))),
            ] {
                let hits = hits.expect("sound");
                let expected: Vec<_> = book.iter().filter(|hit| may(hit.0) && (bits.is_none() || is_allowed(hit.0))).take(k).collect();
                prop_assert_eq!(hits.len(), expected.len());
                for (hit, (_, score)) in hits.iter().zip(expected) {
                    prop_assert!((hit.score - score).abs() < 1e-6);
                }
            }
            let before = index.search(&query, k, None).expect("sound");
            index.compact().expect("memory");
            prop_assert_eq!(index.search(&query, k, None).expect("sound"), before);
        }
    }
}

#[test]
fn an_index_of_which_all_was_deleted_can_be_compacted() {
    let folder = tempfile::tempdir().expect("a folder");
    let index = Dense::create(folder.path(), 3).expect("a dimension");
    index.add(&[0, 1], &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).expect("sound vectors");
    index.delete(&[0, 1]).expect("sound");
    index.compact().expect("room");
    index.flush(7).expect("room");
    drop(index);
    let index = Dense::open(folder.path(), 3).expect("sound files");
    assert!(index.search(&[1.0, 0.0, 0.0], 3, None).expect("sound").is_empty());
    index.add(&[2], &[1.0, 0.0, 0.0]).expect("a sound vector");
    assert_eq!(index.search(&[1.0, 0.0, 0.0], 3, None).expect("sound").len(), 1);
}
