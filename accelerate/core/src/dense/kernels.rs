//! The two inner loops, for the processor at hand: AVX-512, AVX2, or portable code (which is NEON on ARM, where that
//! is part of every 64-bit processor and the compiler uses it).

use super::rows::GROUP;

/// Candidates of the bit scan: `distance << 32 | document`.
pub type Near = Vec<u64>;

/// Scan groups of codes from `start` and push what is no farther than `limit`, until a group might not fit into the
/// room that is left; return the next group.
type ScanBits = fn(query: &[u64], codes: &[u64], start: usize, limit: u32, near: &mut Near) -> usize;
/// The sum of products of two rows of bytes (each in −127…127) of the same length, a multiple of 64.
type DotBytes = fn(query: &[i8], row: &[i8]) -> i32;

/// The inner loops for one kind of processor.
#[derive(Clone, Copy)]
pub struct Kernels {
    pub name: &'static str,
    pub scan_bits: ScanBits,
    pub dot_bytes: DotBytes,
}

const PORTABLE: Kernels = Kernels { name: "portable", scan_bits: scan_bits_portable, dot_bytes: dot_bytes_portable };

/// Return the kernels that this processor can run, best first.
#[must_use]
pub fn available() -> Vec<Kernels> {
    let mut found = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512vpopcntdq")
        {
            found.push(Kernels { name: "avx512", scan_bits: x86::scan_bits_512, dot_bytes: x86::dot_bytes_512 });
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") {
            found.push(Kernels { name: "avx2", scan_bits: x86::scan_bits_256, dot_bytes: x86::dot_bytes_256 });
        }
    }
    found.push(PORTABLE);
    found
}

#[inline(always)]
fn scan_bits_portable(query: &[u64], codes: &[u64], start: usize, limit: u32, near: &mut Near) -> usize {
    let width = query.len() * GROUP;
    for (number, group) in codes.chunks_exact(width).enumerate().skip(start) {
        if near.capacity() - near.len() < GROUP {
            return number;
        }
        let mut distances = [0_u32; GROUP];
        for (words, &wanted) in group.chunks_exact(GROUP).zip(query) {
            for at in 0..GROUP {
                distances[at] += (words[at] ^ wanted).count_ones();
            }
        }
        for (at, &distance) in distances.iter().enumerate().filter(|&(_, &distance)| distance <= limit) {
            near.push(u64::from(distance) << 32 | (number * GROUP + at) as u64);
        }
    }
    codes.len() / width
}

#[inline(always)]
fn dot_bytes_portable(query: &[i8], row: &[i8]) -> i32 {
    query.iter().zip(row).map(|(&one, &other)| i32::from(one) * i32::from(other)).sum()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{GROUP, Near};

    pub fn scan_bits_512(query: &[u64], codes: &[u64], start: usize, limit: u32, near: &mut Near) -> usize {
        // SAFETY: `available` offers this function only where the processor has these instructions.
        unsafe { scan_512(query, codes, start, limit, near) }
    }

    pub fn dot_bytes_512(query: &[i8], row: &[i8]) -> i32 {
        // SAFETY: as above.
        unsafe { dot_512(query, row) }
    }

    pub fn scan_bits_256(query: &[u64], codes: &[u64], start: usize, limit: u32, near: &mut Near) -> usize {
        // SAFETY: as above.
        unsafe { scan_256(query, codes, start, limit, near) }
    }

    pub fn dot_bytes_256(query: &[i8], row: &[i8]) -> i32 {
        // SAFETY: as above.
        unsafe { dot_256(query, row) }
    }

    #[target_feature(enable = "avx512f,avx512vpopcntdq")]
    fn scan_512(query: &[u64], codes: &[u64], start: usize, limit: u32, near: &mut Near) -> usize {
        let width = query.len() * GROUP;
        let limits = _mm512_set1_epi64(i64::from(limit));
        for (number, group) in codes.chunks_exact(width).enumerate().skip(start) {
            if near.capacity() - near.len() < GROUP {
                return number;
            }
            let mut distances = _mm512_setzero_si512();
            for (words, &wanted) in group.chunks_exact(GROUP).zip(query) {
                // SAFETY: `words` are eight words, and unaligned loads may start anywhere.
                let words = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
                let different = _mm512_xor_si512(words, _mm512_set1_epi64(wanted.cast_signed()));
                distances = _mm512_add_epi64(distances, _mm512_popcnt_epi64(different));
            }
            let mut close = _mm512_cmple_epu64_mask(distances, limits);
            if close != 0 {
                let mut each = [0_u64; GROUP];
                // SAFETY: `each` has room for eight words.
                unsafe { _mm512_storeu_si512(each.as_mut_ptr().cast(), distances) };
                while close != 0 {
                    let at = close.trailing_zeros() as usize;
                    near.push(each[at] << 32 | (number * GROUP + at) as u64);
                    close &= close - 1;
                }
            }
        }
        codes.len() / width
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn dot_512(query: &[i8], row: &[i8]) -> i32 {
        let flip = _mm512_set1_epi8(-128);
        let (mut sum, mut surplus) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for (one, other) in query.chunks_exact(64).zip(row.chunks_exact(64)) {
            // SAFETY: both are 64 bytes, and unaligned loads may start anywhere.
            let (one, other) =
                unsafe { (_mm512_loadu_si512(one.as_ptr().cast()), _mm512_loadu_si512(other.as_ptr().cast())) };
            // The instruction wants one side unsigned: 128 more on every byte, and 128 times the query less at the end.
            sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(other, flip), one);
            surplus = _mm512_dpbusd_epi32(surplus, flip, one);
        }
        _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, surplus))
    }

    #[target_feature(enable = "avx2,popcnt")]
    fn scan_256(query: &[u64], codes: &[u64], start: usize, limit: u32, near: &mut Near) -> usize {
        super::scan_bits_portable(query, codes, start, limit, near)
    }

    #[target_feature(enable = "avx2")]
    fn dot_256(query: &[i8], row: &[i8]) -> i32 {
        let mut sum = _mm256_setzero_si256();
        for (one, other) in query.chunks_exact(16).zip(row.chunks_exact(16)) {
            // SAFETY: both are 16 bytes, and unaligned loads may start anywhere.
            let (one, other) =
                unsafe { (_mm_loadu_si128(one.as_ptr().cast()), _mm_loadu_si128(other.as_ptr().cast())) };
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_cvtepi8_epi16(one), _mm256_cvtepi8_epi16(other)));
        }
        let halves = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        let pairs = _mm_add_epi32(halves, _mm_shuffle_epi32(halves, 0b01_00_11_10));
        _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32(pairs, 0b10_11_00_01)))
    }
}
