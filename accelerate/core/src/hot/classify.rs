//! A small text classifier: naive Bayes over terms, learned one text at a time.

use std::collections::{BTreeMap, HashMap};

use crate::text::Dictionary;

#[derive(Default)]
struct Label {
    texts: u64,
    total: u64,
    counts: HashMap<u32, u32>,
}

/// Labels and the terms of their texts.
#[derive(Default)]
pub struct Classifier {
    forms: Dictionary,
    labels: BTreeMap<String, Label>,
}

impl Classifier {
    /// Learn that a text has a label.
    pub fn learn(&mut self, text: &str, label: &str) {
        if !self.labels.contains_key(label) {
            self.labels.insert(label.to_owned(), Label::default());
        }
        let label = self.labels.get_mut(label).expect("it was put there");
        label.texts += 1;
        self.forms.intern(text, |term| {
            *label.counts.entry(term).or_default() += 1;
            label.total += 1;
        });
    }

    /// Return the probability of every label for a text, in the order of labels; nothing before anything was learned.
    ///
    /// Source: multinomial naive Bayes with add-one smoothing over the terms that were ever seen.
    #[must_use]
    pub fn probabilities(&self, text: &str) -> Vec<(&str, f64)> {
        let mut known: Vec<u32> = Vec::new();
        self.forms.hashes(text, |hash| known.extend(self.forms.term(hash)));
        known.sort_unstable_by_key(|&term| self.forms.term_hashes()[term as usize]);
        let all: u64 = self.labels.values().map(|label| label.texts).sum();
        let terms = self.forms.term_hashes().len() as f64;
        let log = |label: &Label| {
            let start = (label.texts as f64 / all as f64).ln();
            known.iter().fold(start, |sum, term| {
                let count = f64::from(label.counts.get(term).copied().unwrap_or(0));
                sum + ((count + 1.0) / (label.total as f64 + terms)).ln()
            })
        };
        let logs: Vec<(&str, f64)> = self.labels.iter().map(|(name, label)| (name.as_str(), log(label))).collect();
        let most = logs.iter().fold(f64::NEG_INFINITY, |most, (_, log)| most.max(*log));
        let sum: f64 = logs.iter().map(|(_, log)| (log - most).exp()).sum();
        logs.into_iter().map(|(name, log)| (name, (log - most).exp() / sum)).collect()
    }
}
