//! The most similar rows of a matrix, without an index.

use crate::dense::exact_score;
use crate::{Error, Hit, Result};

/// Return the `k` rows with the greatest cosine to the query, best first, equal ones in their order. Rows of zeros
/// score 0.
///
/// # Errors
/// `Error::Vectors` for a wrong shape or a number that is not finite.
pub fn top_k(query: &[f32], rows: &[f32], k: usize) -> Result<Vec<Hit>> {
    if query.is_empty() || !rows.len().is_multiple_of(query.len()) {
        let (numbers, dimension) = (rows.len(), query.len());
        return Err(Error::Vectors(format!("{numbers} numbers are not whole vectors of dimension {dimension}")));
    }
    let length = exact_score(query, query).sqrt();
    if !length.is_finite() {
        return Err(Error::Vectors("the query holds a number that is not finite".to_owned()));
    }
    let mut best: Vec<Hit> = Vec::with_capacity(k.min(rows.len()) + 1);
    for (key, row) in rows.chunks_exact(query.len()).enumerate() {
        let (dot, square) = dot_and_square(query, row);
        if !square.is_finite() {
            return Err(Error::Vectors(format!("vector {key} holds a number that is not finite")));
        }
        let lengths = length * square.sqrt();
        let score = if lengths > 0.0 { f64::from((dot / lengths) as f32) } else { 0.0 };
        if best.len() < k || best.last().is_some_and(|worst| score > worst.score) {
            let at = best.partition_point(|other| other.score >= score);
            best.insert(at, Hit { key: key as u64, score });
            best.truncate(k);
        }
    }
    Ok(best)
}

/// The product with the query and the square of the row, in one pass and 64 bits.
fn dot_and_square(query: &[f32], row: &[f32]) -> (f64, f64) {
    let (mut dots, mut squares) = ([0.0_f64; 8], [0.0_f64; 8]);
    let (queries, rows) = (query.chunks_exact(8), row.chunks_exact(8));
    let (mut dot, mut square) = (0.0, 0.0);
    for (&one, &other) in queries.remainder().iter().zip(rows.remainder()) {
        dot += f64::from(one) * f64::from(other);
        square += f64::from(other) * f64::from(other);
    }
    for (ones, others) in queries.zip(rows) {
        for at in 0..8 {
            let (one, other) = (f64::from(ones[at]), f64::from(others[at]));
            dots[at] += one * other;
            squares[at] += other * other;
        }
    }
    (dots.iter().sum::<f64>() + dot, squares.iter().sum::<f64>() + square)
}
