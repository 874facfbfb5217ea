//! The transformer over made-up weights: kernels agree, company and threads change nothing, bad files are refused.

use std::fmt::Write;

use proptest::prelude::*;
use victor_core::Error;
use victor_core::minilm::{MiniLm, kernels};

const WIDTH: usize = 64;
const WIDE: usize = 96;
const HEADS: usize = 2;
const WORDS: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\n##a\n##b\n##c\n";

fn shapes() -> Vec<(String, Vec<usize>)> {
    let mut found = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![10, WIDTH]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![70, WIDTH]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, WIDTH]),
    ];
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    for layer in 0..2 {
        let name = format!("encoder.layer.{layer}.");
        let maps = [
            ("attention.self.query", WIDTH, WIDTH),
            ("attention.self.key", WIDTH, WIDTH),
            ("attention.self.value", WIDTH, WIDTH),
            ("attention.output.dense", WIDTH, WIDTH),
            ("intermediate.dense", WIDE, WIDTH),
            ("output.dense", WIDTH, WIDE),
        ];
        for (part, columns, depth) in maps {
            found.push((format!("{name}{part}.weight"), vec![columns, depth]));
            found.push((format!("{name}{part}.bias"), vec![columns]));
        }
        norms.extend(["attention.output.LayerNorm", "output.LayerNorm"].map(|part| format!("{name}{part}")));
    }
    for norm in norms {
        found.extend(["weight", "bias"].map(|part| (format!("{norm}.{part}"), vec![WIDTH])));
    }
    found
}

/// A file of safetensors whose numbers go up and down without a pattern; where its head ends, and the file.
fn file() -> (usize, Vec<u8>) {
    let (mut head, mut body, mut state) = (String::from("{"), Vec::new(), 1_u32);
    for (name, shape) in shapes() {
        let start = body.len();
        for _ in 0..shape.iter().product() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
            body.extend((value * 0.6 + f32::from(u8::from(name.ends_with("Norm.weight")))).to_le_bytes());
        }
        let comma = if head.len() > 1 { "," } else { "" };
        write!(head, r#"{comma}"{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{}]}}"#, body.len())
            .expect("a string takes all");
    }
    head.push('}');
    let mut all = (head.len() as u64).to_le_bytes().to_vec();
    all.extend(head.into_bytes());
    (all.len(), [all, body].concat())
}

fn opened(kernel: &str) -> MiniLm {
    MiniLm::parse(Box::new(file().1), WORDS.as_bytes(), HEADS, Some(kernel)).expect("a model")
}

fn texts() -> Vec<String> {
    (0..24_usize)
        .map(|number| "abc a cab. b ".chars().cycle().skip(number).take(number * number % 97).collect())
        .collect()
}

#[test]
fn every_kernel_gives_the_vectors_of_the_portable_one() {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let wanted = opened("portable").embed(&texts);
    for kernel in kernels() {
        let rows = opened(kernel).embed(&texts);
        let halves = matches!(kernel, "amx" | "avx512bf16");
        for (row, wanted) in rows.chunks(WIDTH).zip(wanted.chunks(WIDTH)) {
            let length: f32 = wanted.iter().map(|cell| cell * cell).sum();
            let near: f32 = row.iter().zip(wanted).map(|(one, other)| one * other).sum();
            assert!(length == 0.0 || near > 0.999, "{kernel}: {near}");
            assert!(halves || row.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 1e-4), "{kernel}");
        }
    }
}

#[test]
fn neither_company_nor_threads_change_a_vector() {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for kernel in kernels() {
        let model = opened(kernel);
        let alone: Vec<f32> = texts.iter().flat_map(|text| model.embed(&[text])).collect();
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            assert_eq!(pool.install(|| model.embed(&texts)), alone, "{kernel}, {threads} threads");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_file_that_was_damaged_is_refused_or_read(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        kept in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (head, mut bytes) = file();
        for (place, byte) in changes {
            bytes[place.index(head)] = byte;
        }
        if let Some(kept) = kept {
            bytes.truncate(kept.index(bytes.len()));
        }
        match MiniLm::parse(Box::new(bytes), WORDS.as_bytes(), HEADS, Some("portable")) {
            Ok(model) => prop_assert_eq!(model.embed(&["abc"]).len(), WIDTH),
            Err(problem) => prop_assert!(matches!(problem, Error::Corrupt { .. }), "{problem}"),
        }
    }
}

#[test]
fn heads_and_kernels_that_do_not_fit_are_refused() {
    for heads in [0, 3, 4] {
        assert!(MiniLm::parse(Box::new(file().1), WORDS.as_bytes(), heads, None).is_err());
    }
    let other = MiniLm::parse(Box::new(file().1), WORDS.as_bytes(), HEADS, Some("abacus"));
    assert!(matches!(other, Err(Error::Argument(_))));
}
