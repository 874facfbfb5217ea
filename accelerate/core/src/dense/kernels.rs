//! The two inner loops, for the processor at hand: AVX-512, AVX2, or portable code (which is NEON on ARM, where that
//! is part of every 64-bit processor and the compiler uses it).

use super::rows::GROUP;

/// Candidates of the bit scan: `distance << 32 | document`.
pub type Near = Vec<u64>;

/// What the bit scan goes through: codes in groups, all of them or one group in `step`, and which documents may be found.
#[derive(Clone, Copy)]
pub struct Groups<'a> {
    pub codes: &'a [u64],
    pub step: usize,
    pub permitted: Option<&'a [u64]>,
}

/// Push every document that may be found and is no farther than `limit` from the query, in no order.
type ScanBits = fn(query: &[u64], groups: Groups<'_>, limit: u32, near: &mut Near);
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
            && is_x86_feature_detected!("avx512vpopcntdq")
        {
            found.push(Kernels { name: "avx512", scan_bits: x86::scan_bits_512, dot_bytes: x86::dot_bytes_512 });
        }
        if is_x86_feature_detected!("avx2") {
            found.push(Kernels { name: "avx2", scan_bits: x86::scan_bits_256, dot_bytes: x86::dot_bytes_256 });
        }
    }
    found.push(PORTABLE);
    found
}

/// Places in the codes that are read in turn: processors fetch ahead for each of them, so that together they take more
/// out of the cache that all cores share than one place could.
const STREAMS: usize = 8;

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
    fn permitted(&self, number: usize) -> u8 {
        match self.permitted {
            None => u8::MAX,
            Some(words) => words.get(number / 8).map_or(0, |word| (word >> (number % 8 * GROUP)) as u8),
        }
    }
}

/// Push the documents of a group whose bits are set in `close`.
#[inline(always)]
fn push(mut close: u8, number: usize, distances: &[u64; GROUP], near: &mut Near) {
    while close != 0 {
        let at = close.trailing_zeros() as usize;
        near.push(distances[at] << 32 | (number * GROUP + at) as u64);
        close &= close - 1;
    }
}

fn scan_bits_portable(query: &[u64], groups: Groups<'_>, limit: u32, near: &mut Near) {
    let width = query.len() * GROUP;
    groups.each(width, |number| {
        let mut distances = [0_u64; GROUP];
        for (words, &wanted) in groups.codes[number * width..(number + 1) * width].chunks_exact(GROUP).zip(query) {
            for at in 0..GROUP {
                distances[at] += u64::from((words[at] ^ wanted).count_ones());
            }
        }
        let is_close = |at: usize| u8::from(distances[at] <= u64::from(limit)) << at;
        let close = (0..GROUP).fold(0, |close, at| close | is_close(at));
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

    use super::{GROUP, Groups, Near, push};

    pub fn scan_bits_512(query: &[u64], groups: Groups<'_>, limit: u32, near: &mut Near) {
        // SAFETY: `available` offers this function only where the processor has these instructions.
        unsafe { scan_512(query, groups, limit, near) }
    }

    pub fn dot_bytes_512(query: &[i8], rows: &[i8], dots: &mut [i32]) {
        // SAFETY: as above.
        unsafe { dot_512(query, rows, dots) }
    }

    pub fn scan_bits_256(query: &[u64], groups: Groups<'_>, limit: u32, near: &mut Near) {
        // SAFETY: as above.
        unsafe { scan_256(query, groups, limit, near) }
    }

    pub fn dot_bytes_256(query: &[i8], rows: &[i8], dots: &mut [i32]) {
        // SAFETY: as above.
        unsafe { dot_256(query, rows, dots) }
    }

    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    fn scan_512(query: &[u64], groups: Groups<'_>, limit: u32, near: &mut Near) {
        let width = query.len() * GROUP;
        let (limits, places) = (_mm512_set1_epi64(i64::from(limit)), _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
        groups.each(width, |number| {
            let mut distances = _mm512_setzero_si512();
            for (words, &wanted) in groups.codes[number * width..(number + 1) * width].chunks_exact(GROUP).zip(query) {
                // SAFETY: `words` are eight words, and unaligned loads may start anywhere.
                let words = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
                let different = _mm512_xor_si512(words, _mm512_set1_epi64(wanted.cast_signed()));
                distances = _mm512_add_epi64(distances, _mm512_popcnt_epi64(different));
            }
            let close = _mm512_cmple_epu64_mask(distances, limits) & groups.permitted(number);
            let documents = _mm512_add_epi64(places, _mm512_set1_epi64((number * GROUP) as i64));
            let entries = _mm512_or_si512(_mm512_slli_epi64(distances, 32), documents);
            near.reserve(GROUP);
            let end = near.len();
            // SAFETY: there is room for a whole group behind the end, and as many entries as counted were just written
            // there. No branch asks whether there are any: where every other group has some, it would be a guess.
            unsafe {
                let packed = _mm512_maskz_compress_epi64(close, entries);
                _mm512_storeu_si512(near.as_mut_ptr().add(end).cast(), packed);
                near.set_len(end + close.count_ones() as usize);
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

    /// Count bits by halves of bytes, which one shuffle looks up.
    #[target_feature(enable = "avx2")]
    fn scan_256(query: &[u64], groups: Groups<'_>, limit: u32, near: &mut Near) {
        const COUNTS: [u8; 16] = [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4];
        // SAFETY: there are 16 bytes, and unaligned loads may start anywhere.
        let counts = _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(COUNTS.as_ptr().cast()) });
        let (low, zero) = (_mm256_set1_epi8(15), _mm256_setzero_si256());
        let width = query.len() * GROUP;
        groups.each(width, |number| {
            let mut halves = [zero; 2];
            for (words, &wanted) in groups.codes[number * width..(number + 1) * width].chunks_exact(GROUP).zip(query) {
                let wanted = _mm256_set1_epi64x(wanted.cast_signed());
                for (half, words) in halves.iter_mut().zip(words.chunks_exact(GROUP / 2)) {
                    // SAFETY: `words` are four words, and unaligned loads may start anywhere.
                    let words = unsafe { _mm256_loadu_si256(words.as_ptr().cast()) };
                    let different = _mm256_xor_si256(words, wanted);
                    let lows = _mm256_shuffle_epi8(counts, _mm256_and_si256(different, low));
                    let highs = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(different, 4), low));
                    *half = _mm256_add_epi64(*half, _mm256_sad_epu8(_mm256_add_epi8(lows, highs), zero));
                }
            }
            let mut each = [0_u64; GROUP];
            for (half, onto) in halves.iter().zip(each.chunks_exact_mut(GROUP / 2)) {
                // SAFETY: `onto` has room for four words.
                unsafe { _mm256_storeu_si256(onto.as_mut_ptr().cast(), *half) };
            }
            let is_far = |half| _mm256_cmpgt_epi64(half, _mm256_set1_epi64x(i64::from(limit)));
            let [first, second] = halves.map(|half| _mm256_movemask_pd(_mm256_castsi256_pd(is_far(half))) as u8);
            let close = !(first | second << 4);
            if close != 0 {
                push(close & groups.permitted(number), number, &each, near);
            }
        });
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
