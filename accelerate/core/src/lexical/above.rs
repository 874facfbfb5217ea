//! Which sums of a window are high enough: for the processor at hand AVX-512, AVX2, or portable code.

use std::sync::LazyLock;

/// Sums that are looked at together: one bit each in a word.
const GROUP: usize = 64;

/// Put the places of the sums that are high enough into `found`; give up, and answer so, once there are more than `most`.
type Find = fn(sums: &[[u32; GROUP]], least: u32, most: usize, found: &mut Vec<u16>) -> bool;

static FIND: LazyLock<Find> = LazyLock::new(|| available()[0]);

/// Return the scans that this processor can run, best first.
fn available() -> Vec<Find> {
    let mut found: Vec<Find> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt") {
        if is_x86_feature_detected!("avx512f") {
            found.push(x86::find_512);
        }
        if is_x86_feature_detected!("avx2") {
            found.push(x86::find_256);
        }
    }
    found.push(|sums, least, most, found| find_with(sums, most, found, |group| mask_portable(group, least)));
    found
}

/// Put the places of the sums that are at least `least` into `found`, ascending; give up, and answer so, once there are
/// more than `most`. There are at most 2^16 sums, and a multiple of 64; they and `least` are below 2^31.
pub fn find(sums: &[u32], least: u32, most: usize, found: &mut Vec<u16>) -> bool {
    found.clear();
    FIND(sums.as_chunks().0, least, most, found)
}

#[inline(always)]
fn find_with(sums: &[[u32; GROUP]], most: usize, found: &mut Vec<u16>, mask: impl Fn(&[u32; GROUP]) -> u64) -> bool {
    for (number, group) in sums.iter().enumerate() {
        let mut high = mask(group);
        if high != 0 {
            let (mut count, end) = (found.len(), found.len() + high.count_ones() as usize);
            if end > most {
                return false;
            }
            found.resize(count + GROUP, 0);
            // Four at a time, whether there are as many or not: a branch for each would be as good as random.
            while high != 0 {
                for place in &mut found[count..count + 4] {
                    *place = (number * GROUP) as u16 + high.trailing_zeros() as u16;
                    high &= high.wrapping_sub(1);
                }
                count += 4;
            }
            found.truncate(end);
        }
    }
    true
}

#[inline(always)]
fn mask_portable(group: &[u32; GROUP], least: u32) -> u64 {
    if group.iter().fold(false, |any, &sum| any | (sum >= least)) {
        group.iter().rev().fold(0, |mask, &sum| mask << 1 | u64::from(sum >= least))
    } else {
        0
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::GROUP;

    pub fn find_512(sums: &[[u32; GROUP]], least: u32, most: usize, found: &mut Vec<u16>) -> bool {
        // SAFETY: `available` offers this function only where the processor has these instructions.
        unsafe { found_512(sums, least, most, found) }
    }

    pub fn find_256(sums: &[[u32; GROUP]], least: u32, most: usize, found: &mut Vec<u16>) -> bool {
        // SAFETY: as above.
        unsafe { found_256(sums, least, most, found) }
    }

    #[target_feature(enable = "avx512f,bmi1,popcnt")]
    fn found_512(sums: &[[u32; GROUP]], least: u32, most: usize, found: &mut Vec<u16>) -> bool {
        super::find_with(sums, most, found, |group| mask_512(group, least))
    }

    #[target_feature(enable = "avx2,bmi1,popcnt")]
    fn found_256(sums: &[[u32; GROUP]], least: u32, most: usize, found: &mut Vec<u16>) -> bool {
        super::find_with(sums, most, found, |group| mask_256(group, least))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn mask_512(group: &[u32; GROUP], least: u32) -> u64 {
        let least = _mm512_set1_epi32(least.cast_signed());
        group.chunks_exact(16).rev().fold(0, |mask, some| {
            // SAFETY: `some` are 16 numbers, and unaligned loads may start anywhere.
            let some = unsafe { _mm512_loadu_si512(some.as_ptr().cast()) };
            mask << 16 | u64::from(_mm512_cmpge_epi32_mask(some, least))
        })
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn mask_256(group: &[u32; GROUP], least: u32) -> u64 {
        let below = _mm256_set1_epi32(least.cast_signed() - 1);
        group.chunks_exact(8).rev().fold(0, |mask, some| {
            // SAFETY: `some` are 8 numbers, and unaligned loads may start anywhere.
            let some = unsafe { _mm256_loadu_si256(some.as_ptr().cast()) };
            let high = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(some, below)));
            mask << 8 | u64::from(high.cast_unsigned())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Every scan that this processor has finds what a look at each sum finds.
        #[test]
        fn all_scans_find_the_same(
            groups in proptest::collection::vec(proptest::collection::vec(0_u32..40, GROUP), 1..20),
            least in 1_u32..50,
            far in any::<bool>(),
        ) {
            let (lift, mut sums) = (if far { (1 << 31) - 50 } else { 0 }, groups.concat());
            sums.iter_mut().for_each(|sum| *sum += lift);
            let least = least + lift;
            let expected: Vec<u16> = (0_u16..).zip(&sums).filter(|&(_, &sum)| sum >= least).map(|(at, _)| at).collect();
            for find in available() {
                for most in [0, expected.len().saturating_sub(1), expected.len(), sums.len()] {
                    let mut found = Vec::new();
                    prop_assert_eq!(find(sums.as_chunks().0, least, most, &mut found), expected.len() <= most);
                    if expected.len() <= most {
                        prop_assert_eq!(&found, &expected);
                    }
                }
            }
        }
    }
}
