//! The three questions asked of a character beyond ASCII. Tables of our own, because those of Rust and Python belong
//! to different Unicode versions and the same text must give the same terms in both.

/// Ranges (inclusive) that separate words: punctuation, symbols, arrows, emoji, spaces.
const SEPARATORS: [(u32, u32); 27] = [
    (0x80, 0xA9),
    (0xAB, 0xB4),
    (0xB6, 0xB9),
    (0xBB, 0xBF),
    (0xD7, 0xD7),
    (0xF7, 0xF7),
    (0x1680, 0x1680),
    (0x2000, 0x206F),
    (0x20A0, 0x20CF),
    (0x2190, 0x2BFF),
    (0x2E00, 0x2E7F),
    (0x3000, 0x3004),
    (0x3008, 0x3020),
    (0x3030, 0x3030),
    (0x30FB, 0x30FB),
    (0xE000, 0xF8FF),
    (0xFE10, 0xFE1F),
    (0xFE30, 0xFE6F),
    (0xFEFF, 0xFEFF),
    (0xFF00, 0xFF0F),
    (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65),
    (0xFFF0, 0xFFFF),
    (0x1F000, 0x1FAFF),
    (0xE0000, 0xE0FFF),
    (0xF0000, 0x10_FFFF),
];

/// Ranges (inclusive) of scripts that write no spaces between words.
const UNSPACED: [(u32, u32); 6] =
    [(0x3041, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)];

fn is_in(ranges: &[(u32, u32)], code: u32) -> bool {
    let after = ranges.partition_point(|&(first, _)| first <= code);
    after > 0 && code <= ranges[after - 1].1
}

pub fn is_separator(letter: char) -> bool {
    is_in(&SEPARATORS, letter as u32)
}

pub fn is_unspaced(letter: char) -> bool {
    is_in(&UNSPACED, letter as u32)
}

/// Append the letter in lower case where every Unicode version agrees what that is, else the letter itself.
pub fn push_lower(letter: char, onto: &mut String) {
    match letter as u32 {
        0..=0x58F | 0x1E00..=0x1FFF => onto.extend(letter.to_lowercase()),
        _ => onto.push(letter),
    }
}
