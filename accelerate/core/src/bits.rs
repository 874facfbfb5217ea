//! Sets of documents as bits, 64 to a word.

/// Whether a bit is set; a bit beyond the end is not.
#[inline]
#[must_use]
pub fn get(bits: &[u64], at: usize) -> bool {
    bits.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
}

/// Set a bit, growing as needed, and say whether it was clear before.
pub fn set(bits: &mut Vec<u64>, at: usize) -> bool {
    if bits.len() <= at / 64 {
        bits.resize(at / 64 + 1, 0);
    }
    let word = &mut bits[at / 64];
    let was_clear = *word & (1 << (at % 64)) == 0;
    *word |= 1 << (at % 64);
    was_clear
}

/// Return how many bits are set.
#[must_use]
pub fn count(bits: &[u64]) -> usize {
    bits.iter().map(|word| word.count_ones() as usize).sum()
}

/// Iterate over the places of the set bits, ascending.
pub fn ones(bits: &[u64]) -> impl Iterator<Item = usize> + '_ {
    bits.iter().enumerate().flat_map(|(number, &word)| {
        std::iter::successors((word != 0).then_some(word), |&left| {
            let rest = left & (left - 1);
            (rest != 0).then_some(rest)
        })
        .map(move |left| number * 64 + left.trailing_zeros() as usize)
    })
}

/// Copy `length` bits that start at `from` in `source` (0 beyond its end) to `to` in `target`, whose bits there are 0.
pub fn copy(source: &[u64], from: usize, target: &mut [u64], to: usize, length: usize) {
    let mut done = 0;
    while done < length {
        let (source_at, target_at) = (from + done, to + done);
        let step = (64 - source_at % 64).min(64 - target_at % 64).min(length - done);
        let word = source.get(source_at / 64).copied().unwrap_or(0) >> (source_at % 64);
        let kept = if step == 64 { word } else { word & ((1 << step) - 1) };
        target[target_at / 64] |= kept << (target_at % 64);
        done += step;
    }
}
