//! The two inner loops, for the processor at hand: AVX-512, AVX2, NEON, or portable code. NEON is part of every 64-bit
//! ARM processor: the compiler makes it of the portable product of bytes, but not of the scan.

use super::rows::GROUP;

/// Candidates of the bit scan: `distance << 32 | document`.
pub type Near = Vec<u64>;

/// What the halves of one byte of bits add to a distance, by their sixteen values: lower half, upper half. Those of
/// `TOGETHER` bytes add up to less than 256, and those of all bytes to less than 65,536.
pub type Tables = [[u8; 16]; 2];

/// Bytes of a code whose parts of a distance are added in 8 bits; a code has a multiple of them.
pub const TOGETHER: usize = 4;

/// What the bit scan goes through: codes in groups, all of them or one group in `step`, and which documents may be found.
#[derive(Clone, Copy)]
pub struct Groups<'a> {
    pub codes: &'a [u8],
    pub step: usize,
    pub permitted: Option<&'a [u64]>,
}

/// Push every document that may be found and is no farther than `limit` from the query, in no order. The query's tables
/// are as many as a code has bytes.
type ScanBits = fn(query: &[Tables], groups: Groups<'_>, limit: u16, near: &mut Near);
/// For each place in `dots`, the sum of products of the query and a row of bytes (each in −127…127) of the query's
/// length, a multiple of 64.
type DotBytes = fn(query: &[i8], rows: &[i8], dots: &mut [i32]);

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
        {
            found.push(Kernels { name: "avx512", scan_bits: x86::scan_bits_512, dot_bytes: x86::dot_bytes_512 });
        }
        if is_x86_feature_detected!("avx2") {
            found.push(Kernels { name: "avx2", scan_bits: x86::scan_bits_256, dot_bytes: x86::dot_bytes_256 });
        }
    }
    #[cfg(target_arch = "aarch64")]
    found.push(Kernels { name: "neon", scan_bits: arm::scan_bits_neon, dot_bytes: dot_bytes_portable });
    found.push(PORTABLE);
    found
}

/// Places in the codes that are read in turn: together they take more out of the cache that all cores share than one
/// place could.
const STREAMS: usize = 2;

impl Groups<'_> {
    /// Visit the numbers of the groups, from several places in turn.
    #[inline(always)]
    fn each(&self, width: usize, mut visit: impl FnMut(usize)) {
        let groups = self.codes.len() / width;
        let streams = if self.step == 1 { STREAMS } else { 1 };
        let span = groups.div_ceil(streams);
        for at in (0..span).step_by(self.step) {
            for number in (at..groups).step_by(span) {
                visit(number);
            }
        }
    }

    /// Return which of a group's documents may be found, as bits.
    #[inline(always)]
    fn permitted(&self, number: usize) -> u64 {
        self.permitted.map_or(u64::MAX, |words| words.get(number).copied().unwrap_or(0))
    }
}

/// Push the documents of a group whose bits are set in `close`.
#[inline(always)]
fn push(mut close: u64, number: usize, distances: &[u16; GROUP], near: &mut Near) {
    while close != 0 {
        let at = close.trailing_zeros() as usize;
        near.push(u64::from(distances[at]) << 32 | (number * GROUP + at) as u64);
        close &= close - 1;
    }
}

fn scan_bits_portable(query: &[Tables], groups: Groups<'_>, limit: u16, near: &mut Near) {
    let width = query.len() * GROUP;
    groups.each(width, |number| {
        let mut distances = [0_u16; GROUP];
        for (codes, [low, high]) in groups.codes[number * width..(number + 1) * width].chunks_exact(GROUP).zip(query) {
            for (distance, &code) in distances.iter_mut().zip(codes) {
                *distance += u16::from(low[usize::from(code & 15)]) + u16::from(high[usize::from(code >> 4)]);
            }
        }
        let close = distances.iter().rev().fold(0, |close, &distance| close << 1 | u64::from(distance <= limit));
        push(close & groups.permitted(number), number, &distances, near);
    });
}

fn dot_bytes_portable(query: &[i8], rows: &[i8], dots: &mut [i32]) {
    for (dot, row) in dots.iter_mut().zip(rows.chunks_exact(query.len())) {
        *dot = query.iter().zip(row).map(|(&one, &other)| i32::from(one) * i32::from(other)).sum();
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{GROUP, Groups, Near, TOGETHER, Tables};
    use crate::storage::line_soon;

    /// Bytes ahead that are asked for with each line of codes: the processor's own fetching stops at the end of a page.
    const AHEAD: usize = 4096;

    pub fn scan_bits_512(query: &[Tables], groups: Groups<'_>, limit: u16, near: &mut Near) {
        // SAFETY: `available` offers this function only where the processor has these instructions.
        unsafe { scan_512(query, groups, limit, near) }
    }

    pub fn dot_bytes_512(query: &[i8], rows: &[i8], dots: &mut [i32]) {
        // SAFETY: as above.
        unsafe { dot_512(query, rows, dots) }
    }

    pub fn scan_bits_256(query: &[Tables], groups: Groups<'_>, limit: u16, near: &mut Near) {
        // SAFETY: as above.
        unsafe { scan_256(query, groups, limit, near) }
    }

    pub fn dot_bytes_256(query: &[i8], rows: &[i8], dots: &mut [i32]) {
        // SAFETY: as above.
        unsafe { dot_256(query, rows, dots) }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn scan_512(query: &[Tables], groups: Groups<'_>, limit: u16, near: &mut Near) {
        let (half, limits) = (_mm512_set1_epi8(15), _mm512_set1_epi16(limit.cast_signed()));
        let width = query.len() * GROUP;
        groups.each(width, |number| {
            // Sums of two bytes in 16 bits, and of the upper ones alone: what is left are the lower ones.
            let (mut both, mut upper) = (_mm512_setzero_si512(), _mm512_setzero_si512());
            let group = &groups.codes[number * width..(number + 1) * width];
            for (codes, tables) in group.chunks_exact(GROUP * TOGETHER).zip(query.as_chunks::<TOGETHER>().0) {
                let mut added = _mm512_setzero_si512();
                for (codes, [low, high]) in codes.chunks_exact(GROUP).zip(tables) {
                    line_soon(codes.as_ptr().wrapping_add(AHEAD));
                    // SAFETY: `codes` are 64 bytes and the tables 16 each, and unaligned loads may start anywhere.
                    let (codes, low, high) = unsafe {
                        (
                            _mm512_loadu_si512(codes.as_ptr().cast()),
                            _mm512_broadcast_i32x4(_mm_loadu_si128(low.as_ptr().cast())),
                            _mm512_broadcast_i32x4(_mm_loadu_si128(high.as_ptr().cast())),
                        )
                    };
                    let lows = _mm512_shuffle_epi8(low, _mm512_and_si512(codes, half));
                    let highs = _mm512_shuffle_epi8(high, _mm512_and_si512(_mm512_srli_epi16(codes, 4), half));
                    added = _mm512_add_epi8(added, _mm512_add_epi8(lows, highs));
                }
                both = _mm512_add_epi16(both, added);
                upper = _mm512_add_epi16(upper, _mm512_srli_epi16(added, 8));
            }
            let lower = _mm512_sub_epi16(both, _mm512_slli_epi16(upper, 8));
            let close = [lower, upper].map(|sums| _mm512_cmple_epu16_mask(sums, limits));
            if close != [0; 2] {
                let mut distances = [[0_u16; GROUP / 2]; 2];
                for (sums, onto) in [lower, upper].into_iter().zip(&mut distances) {
                    // SAFETY: `onto` has room for 32 numbers.
                    unsafe { _mm512_storeu_si512(onto.as_mut_ptr().cast(), sums) };
                }
                push_halves(close, &groups, number, &distances, near);
            }
        });
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn dot_512(query: &[i8], rows: &[i8], dots: &mut [i32]) {
        let flip = _mm512_set1_epi8(-128);
        let surplus = 128 * query.iter().map(|&code| i32::from(code)).sum::<i32>();
        for (dot, row) in dots.iter_mut().zip(rows.chunks_exact(query.len())) {
            let mut sum = _mm512_setzero_si512();
            for (one, other) in query.chunks_exact(64).zip(row.chunks_exact(64)) {
                // SAFETY: both are 64 bytes, and unaligned loads may start anywhere.
                let (one, other) =
                    unsafe { (_mm512_loadu_si512(one.as_ptr().cast()), _mm512_loadu_si512(other.as_ptr().cast())) };
                // One side must be unsigned: 128 more on every byte, and 128 times the query less at the end.
                sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(other, flip), one);
            }
            *dot = _mm512_reduce_add_epi32(sum) - surplus;
        }
    }

    #[target_feature(enable = "avx2")]
    fn scan_256(query: &[Tables], groups: Groups<'_>, limit: u16, near: &mut Near) {
        let (half, limits) = (_mm256_set1_epi8(15), _mm256_set1_epi16(limit.cast_signed()));
        let width = query.len() * GROUP;
        groups.each(width, |number| {
            // As above, for 32 documents each.
            let mut sums = [[_mm256_setzero_si256(); 2]; 2];
            let group = &groups.codes[number * width..(number + 1) * width];
            for (codes, tables) in group.chunks_exact(GROUP * TOGETHER).zip(query.as_chunks::<TOGETHER>().0) {
                let mut added = [_mm256_setzero_si256(); 2];
                for (codes, [low, high]) in codes.chunks_exact(GROUP).zip(tables) {
                    line_soon(codes.as_ptr().wrapping_add(AHEAD));
                    // SAFETY: the tables are 16 bytes each, and unaligned loads may start anywhere.
                    let [low, high] = [low, high]
                        .map(|table| unsafe { _mm256_broadcastsi128_si256(_mm_loadu_si128(table.as_ptr().cast())) });
                    for (added, codes) in added.iter_mut().zip(codes.chunks_exact(GROUP / 2)) {
                        // SAFETY: `codes` are 32 bytes, and unaligned loads may start anywhere.
                        let codes = unsafe { _mm256_loadu_si256(codes.as_ptr().cast()) };
                        let lows = _mm256_shuffle_epi8(low, _mm256_and_si256(codes, half));
                        let highs = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(codes, 4), half));
                        *added = _mm256_add_epi8(*added, _mm256_add_epi8(lows, highs));
                    }
                }
                for ([both, upper], added) in sums.iter_mut().zip(added) {
                    *both = _mm256_add_epi16(*both, added);
                    *upper = _mm256_add_epi16(*upper, _mm256_srli_epi16(added, 8));
                }
            }
            let (mut distances, mut close) = ([[0_u16; GROUP / 2]; 2], [0_u32; 2]);
            for (part, [both, upper]) in sums.into_iter().enumerate() {
                let lower = _mm256_sub_epi16(both, _mm256_slli_epi16(upper, 8));
                for (number, sums) in [lower, upper].into_iter().enumerate() {
                    let is_close = _mm256_cmpeq_epi16(_mm256_min_epu16(sums, limits), sums);
                    // A bit for each of 16 numbers: packing puts 8 of the first half, 8 zeros, and so on.
                    let packed = _mm256_packs_epi16(is_close, _mm256_setzero_si256());
                    let mask = _mm256_movemask_epi8(packed).cast_unsigned();
                    close[number] |= (mask & 0xff | mask >> 8 & 0xff00) << (part * 16);
                    // SAFETY: there is room for 16 numbers from there on.
                    unsafe { _mm256_storeu_si256(distances[number].as_mut_ptr().add(part * 16).cast(), sums) };
                }
            }
            if close != [0; 2] {
                push_halves(close, &groups, number, &distances, near);
            }
        });
    }

    /// Push as `push` does what comes in two halves: the even documents of a group and the odd ones.
    #[inline(always)]
    fn push_halves(
        close: [u32; 2],
        groups: &Groups<'_>,
        number: usize,
        distances: &[[u16; GROUP / 2]; 2],
        near: &mut Near,
    ) {
        let permitted = groups.permitted(number);
        for (odd, (mut close, distances)) in close.into_iter().zip(distances).enumerate() {
            while close != 0 {
                let at = close.trailing_zeros() as usize;
                let place = 2 * at + odd;
                if permitted >> place & 1 == 1 {
                    near.push(u64::from(distances[at]) << 32 | (number * GROUP + place) as u64);
                }
                close &= close - 1;
            }
        }
    }

    #[target_feature(enable = "avx2")]
    fn dot_256(query: &[i8], rows: &[i8], dots: &mut [i32]) {
        for (dot, row) in dots.iter_mut().zip(rows.chunks_exact(query.len())) {
            let mut sum = _mm256_setzero_si256();
            for (one, other) in query.chunks_exact(16).zip(row.chunks_exact(16)) {
                // SAFETY: both are 16 bytes, and unaligned loads may start anywhere.
                let (one, other) =
                    unsafe { (_mm_loadu_si128(one.as_ptr().cast()), _mm_loadu_si128(other.as_ptr().cast())) };
                sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_cvtepi8_epi16(one), _mm256_cvtepi8_epi16(other)));
            }
            let halves = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
            let pairs = _mm_add_epi32(halves, _mm_shuffle_epi32(halves, 0b01_00_11_10));
            *dot = _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32(pairs, 0b10_11_00_01)));
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    use super::{GROUP, Groups, Near, Tables, push};

    pub fn scan_bits_neon(query: &[Tables], groups: Groups<'_>, limit: u16, near: &mut Near) {
        // SAFETY: every 64-bit ARM processor has these instructions.
        unsafe { scan(query, groups, limit, near) }
    }

    #[target_feature(enable = "neon")]
    fn scan(query: &[Tables], groups: Groups<'_>, limit: u16, near: &mut Near) {
        let (half, width) = (vdupq_n_u8(15), query.len() * GROUP);
        groups.each(width, |number| {
            let mut sums = [vdupq_n_u16(0); GROUP / 8];
            for (codes, [low, high]) in
                groups.codes[number * width..(number + 1) * width].chunks_exact(GROUP).zip(query)
            {
                // SAFETY: the tables are 16 bytes each.
                let (low, high) = unsafe { (vld1q_u8(low.as_ptr()), vld1q_u8(high.as_ptr())) };
                for (sums, codes) in sums.as_chunks_mut::<2>().0.iter_mut().zip(codes.chunks_exact(16)) {
                    // SAFETY: `codes` are 16 bytes.
                    let codes = unsafe { vld1q_u8(codes.as_ptr()) };
                    let lows = vqtbl1q_u8(low, vandq_u8(codes, half));
                    let added = vaddq_u8(lows, vqtbl1q_u8(high, vshrq_n_u8::<4>(codes)));
                    *sums = [vaddw_u8(sums[0], vget_low_u8(added)), vaddw_high_u8(sums[1], added)];
                }
            }
            let mut distances = [0_u16; GROUP];
            for (sums, onto) in sums.into_iter().zip(distances.as_chunks_mut::<8>().0) {
                // SAFETY: `onto` has room for eight numbers.
                unsafe { vst1q_u16(onto.as_mut_ptr(), sums) };
            }
            let close = distances.iter().rev().fold(0, |close, &distance| close << 1 | u64::from(distance <= limit));
            push(close & groups.permitted(number), number, &distances, near);
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BYTES: usize = 2 * TOGETHER;
    const DOCS: usize = 10 * GROUP;

    proptest! {
        /// Every kernel finds what a look at each code finds.
        #[test]
        fn all_scans_find_the_same(
            tables in prop::collection::vec(prop::array::uniform2(prop::array::uniform16(0_u8..32)), BYTES),
            codes in prop::collection::vec(any::<u8>(), BYTES * DOCS),
            limit in 0_u16..400,
            permitted in prop::option::of(prop::collection::vec(any::<u64>(), DOCS / GROUP)),
        ) {
            let part = |doc: usize, byte: usize| {
                let code = usize::from(codes[doc / GROUP * GROUP * BYTES + byte * GROUP + doc % GROUP]);
                u64::from(tables[byte][0][code % 16]) + u64::from(tables[byte][1][code / 16])
            };
            let may_be_found = |doc: usize| permitted.as_ref().is_none_or(|words| words[doc / 64] >> (doc % 64) & 1 == 1);
            let entries = (0..DOCS).filter(|&doc| may_be_found(doc)).map(|doc| {
                (0..BYTES).map(|byte| part(doc, byte)).sum::<u64>() << 32 | doc as u64
            });
            let mut expected: Near = entries.filter(|entry| entry >> 32 <= u64::from(limit)).collect();
            expected.sort_unstable();
            for kernels in available() {
                let mut near = Near::new();
                let groups = Groups { codes: &codes, step: 1, permitted: permitted.as_deref() };
                (kernels.scan_bits)(&tables, groups, limit, &mut near);
                near.sort_unstable();
                prop_assert_eq!(&near, &expected, "{}", kernels.name);
            }
        }
    }
}
