//! Passages: words that were counted once give what their texts give.

use proptest::prelude::*;
use victor_core::hot::{embed, halves};
use victor_core::lexical::{Lexical, Params};
use victor_core::passages::{Counted, Passages};

const PARAMS: Params = Params { k1: 1.2, b: 0.75 };

#[test]
fn words_are_counted_by_text() {
    let mut passages = Passages::default();
    passages.push("one title", "", ["two two one", "", "three"]);
    passages.push("", "a/path", []);
    assert_eq!(passages.len(), 3);
    assert_eq!(passages.forms().iter().collect::<Vec<_>>(), ["one", "title", "two", "three", "a", "path"]);
    let counted = |form, count| Counted { form, count };
    let [title, path, text] = passages.fields(0);
    assert_eq!(title, [counted(0, 1), counted(1, 1)]);
    assert_eq!((path.len(), text), (0, &[counted(2, 2), counted(0, 1)][..]));
    assert_eq!(passages.said(2), [title, &[counted(3, 1)]]);
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec("[a-c]{1,2}|getHTTP2_x|東京都|[A-Za-z_]{60,80}", 0..12).prop_map(|words| words.join(" "))
}

proptest! {
    /// Documents whose words were counted are found with the same scores as those that are read one by one.
    #[test]
    fn passages_are_found_as_documents_are(
        documents in proptest::collection::vec((text(), text(), proptest::collection::vec(text(), 0..4)), 0..6),
        query in text(),
        dimension in 1_usize..9,
    ) {
        let mut passages = Passages::default();
        let (whole, apart) = (Lexical::in_memory(PARAMS), Lexical::in_memory(PARAMS));
        let mut said = Vec::new();
        for (title, path, chunks) in &documents {
            passages.push(title, path, chunks.iter().map(String::as_str));
            for chunk in chunks {
                let fields = [(title.as_str(), 3), (path.as_str(), 3), (chunk.as_str(), 1)];
                apart.add([(said.len() as u64, &fields[..])]).expect("keys grow");
                said.push(format!("{title}\n{chunk}"));
            }
        }
        let keys: Vec<u64> = (0..passages.len() as u64).collect();
        whole.add_passages(&keys, &passages, 3).expect("keys grow");
        prop_assert_eq!(whole.search(&query, 5, None).expect("whole"), apart.search(&query, 5, None).expect("whole"));
        let texts: Vec<&str> = said.iter().map(String::as_str).collect();
        prop_assert_eq!(embed::embed_passages(&passages, dimension), embed::embed(&texts, dimension));
        let mut rows = embed::embed(&texts, dimension);
        halves::halve(&mut rows, dimension);
        let once = rows.clone();
        halves::halve(&mut rows, dimension);
        prop_assert!(rows.iter().zip(&once).all(|(one, other)| (one - other).abs() < 1e-3));
    }
}
