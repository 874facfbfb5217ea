//! Any bytes in place of a model's weights, or of their head, are refused or computed with without a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use victor_core::minilm::MiniLm;

const WORDS: &str = "[UNK]\n[CLS]\n[SEP]\na\n##b\n";
/// Enough for the numbers of a small model.
const BODY: usize = 1 << 16;

fuzz_target!(|bytes: &[u8]| {
    let mut headed = (bytes.len() as u64).to_le_bytes().to_vec();
    headed.extend_from_slice(bytes);
    headed.resize(headed.len() + BODY, 0);
    for file in [bytes.to_vec(), headed] {
        if let Ok(model) = MiniLm::parse(Box::new(file), WORDS.as_bytes(), 1, Some("portable")) {
            let _ = model.embed(&["ab a", ""]);
        }
    }
});
