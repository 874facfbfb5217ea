//! The arithmetic of BM25, stated so that NumPy can repeat it bit by bit.

/// The two constants of BM25; they are frozen with the first segment, because block maxima depend on them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    pub k1: f64,
    pub b: f64,
}

impl Default for Params {
    fn default() -> Self {
        Self { k1: 1.2, b: 0.75 }
    }
}

pub const MOST_TF: u32 = 65_535;
/// Counts for which parts are kept ready.
pub const TABLE: usize = 32;
/// Sums stay below this, so that a `u32` cannot overflow whatever the query holds.
const CEILING: f64 = (1_u64 << 31) as f64;
const FINEST: i32 = 20;

/// Return the class of a length: exact below 16, then eight classes for every doubling.
#[must_use]
pub fn class_of(length: u32) -> u8 {
    if length < 16 {
        return length as u8;
    }
    let bits = 31 - length.leading_zeros();
    (16 + (bits - 4) * 8 + ((length >> (bits - 3)) & 7)) as u8
}

/// Return the length that stands for a class: the middle of its range. The mean length is a mean of these, so that it
/// can be told from the classes alone.
#[must_use]
pub fn length_of(class: u8) -> u64 {
    if class < 16 {
        return u64::from(class);
    }
    let (bits, eighth) = (u64::from(class - 16) / 8 + 4, u64::from(class - 16) % 8);
    (17 + 2 * eighth) << (bits - 4)
}

impl Default for Norms {
    fn default() -> Self {
        Self::new(Params::default(), 1.0)
    }
}

/// `tf/(tf + K)` for every class of length, given the mean length.
pub struct Norms {
    made_for: (Params, f64),
    k: [f32; 256],
    /// By count first: most counts are small, and their rows stay in the nearest cache.
    table: Box<[[f32; 256]; TABLE]>,
}

impl Norms {
    #[must_use]
    pub fn new(params: Params, mean_length: f64) -> Self {
        let mean = mean_length.max(1.0);
        let k = std::array::from_fn(|class| {
            (params.k1 * (1.0 - params.b + params.b * length_of(class as u8) as f64 / mean)) as f32
        });
        let mut table = Box::new([[0.0; 256]; TABLE]);
        for (at, row) in table.iter_mut().enumerate() {
            *row = k.map(|k| saturated((at + 1) as f32, k));
        }
        Self { made_for: (params, mean_length), k, table }
    }

    /// Change to the norms of another mean length, if it is another.
    pub fn change_to(&mut self, params: Params, mean_length: f64) {
        if self.made_for != (params, mean_length) {
            *self = Self::new(params, mean_length);
        }
    }

    /// Return the parts of all classes for small counts, beginning with 1.
    #[must_use]
    pub fn table(&self) -> &[[f32; 256]; TABLE] {
        &self.table
    }

    #[inline]
    #[must_use]
    pub fn part(&self, class: u8, tf: u32) -> f32 {
        match self.table.get((tf as usize).wrapping_sub(1)) {
            Some(parts) => parts[usize::from(class)],
            None => saturated(tf as f32, self.k[usize::from(class)]),
        }
    }
}

#[inline]
fn saturated(tf: f32, k: f32) -> f32 {
    tf / (tf + k)
}

/// Return the weight of a term before scaling: its idf, times `k1 + 1`, times its count in the query.
#[must_use]
pub fn weight(params: Params, documents: u64, frequency: u64, count: u32) -> f64 {
    let (n, df) = (documents as f64, frequency as f64);
    (1.0 + (n - df + 0.5) / (df + 0.5)).ln() * (params.k1 + 1.0) * f64::from(count)
}

/// Return the power of two by which a query's weights are scaled: the finest that cannot overflow.
#[must_use]
pub fn shift(weights: f64) -> i32 {
    let mut shift = FINEST;
    while weights * f64::from(shift).exp2() >= CEILING {
        shift -= 1;
    }
    shift
}
