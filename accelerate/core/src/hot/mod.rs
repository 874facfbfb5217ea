//! Small computations that everything else does often; each has a twin in `victor_nb/retrieval/core/twin/`.

pub mod cache;
pub mod classify;
pub mod embed;
pub mod halves;
pub mod near;
pub mod similar;
pub mod table;
