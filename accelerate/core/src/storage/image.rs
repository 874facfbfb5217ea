//! A file that is written into memory: its bytes begin at a whole word, as sections need.

use std::io::Write;

/// Bytes in whole words; the last word may be filled in part.
#[derive(Default)]
pub struct Image {
    words: Vec<u64>,
    length: usize,
}

impl Image {
    /// Return the words and how many bytes of them count.
    #[must_use]
    pub fn into_words(self) -> (Vec<u64>, usize) {
        (self.words, self.length)
    }
}

impl Write for Image {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let open = (8 - self.length % 8) % 8;
        let (head, rest) = bytes.split_at(open.min(bytes.len()));
        let length = self.length;
        bytemuck::cast_slice_mut::<u64, u8>(&mut self.words)[length..length + head.len()].copy_from_slice(head);
        let whole = rest.chunks_exact(8);
        let mut last = [0_u8; 8];
        last[..whole.remainder().len()].copy_from_slice(whole.remainder());
        let is_open = !whole.remainder().is_empty();
        self.words.extend(whole.map(|word| u64::from_ne_bytes(word.try_into().expect("eight bytes"))));
        if is_open {
            self.words.push(u64::from_ne_bytes(last));
        }
        self.length += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_stay_in_their_order(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
            let mut image = Image::default();
            for part in &parts {
                image.write_all(part).expect("memory takes every byte");
            }
            let (words, length) = image.into_words();
            prop_assert_eq!(&bytemuck::cast_slice::<u64, u8>(&words)[..length], parts.concat());
        }
    }
}
