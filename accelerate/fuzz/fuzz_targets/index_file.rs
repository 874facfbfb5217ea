//! Any bytes in place of an index's files are refused or searched without a panic.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use victor_core::dense::Dense;
use victor_core::lexical::{Lexical, Params};

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["lexical.manifest", "0000000000.lex", "dense.manifest", "0000000000.vec"] {
        fs::write(folder.path().join(name), bytes).expect("a writable folder");
    }
    if let Ok(index) = Lexical::open(folder.path(), Params::default()) {
        let _ = index.search("a b", 3, None);
    }
    if let Ok(index) = Dense::open(folder.path(), 3) {
        let _ = index.search(&[1.0, 0.0, 0.0], 3, None);
    }
});
