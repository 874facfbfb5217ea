//! Files that are whole or absent: sections with a checksum a page, written beside, synced, renamed.
//!
//! 1. A file is never changed once it has its name; whoever changes it breaks the contract of the memory map.
//! 2. A page is verified when it is first read, so that opening costs nothing and no damaged byte is ever used.
//! 3. All numbers are little-endian.

mod image;
mod reader;
mod writer;

pub use image::Image;
pub use reader::SectionFile;
pub use writer::{remove_stale, sync_folder, write_image, write_whole};

#[cfg(target_endian = "big")]
compile_error!("the index files are little-endian and are read in place");

/// The newest format that is known here; older ones are rebuilt from the documents.
pub const FORMAT: u32 = 2;

pub(crate) const MAGIC: [u8; 8] = *b"VICTORNB";
pub(crate) const HEADER: usize = 256;
pub(crate) const PAGE: usize = 16 * 1024;
pub(crate) const ALIGN: usize = 64;
pub(crate) const MOST_SECTIONS: usize = 12;
/// Bytes that a processor's cache takes at once.
const LINE: usize = 64;

/// Read the little-endian `u32` that starts at `at`; the caller knows that four bytes are there.
#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("a slice of four bytes"))
}

/// Read the little-endian `u64` that starts at `at`; the caller knows that eight bytes are there.
#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("a slice of eight bytes"))
}

/// Tell the processor that these bytes are read soon; it may fetch them meanwhile.
#[inline(always)]
pub(crate) fn soon(bytes: &[u8]) {
    bytes.chunks(LINE).for_each(|line| line_soon(line.as_ptr()));
}

/// Do as `soon` for the one line of the cache that holds an address, whatever lies there.
#[inline(always)]
pub(crate) fn line_soon(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every processor of this kind has the instruction, and it reads nothing that the program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
