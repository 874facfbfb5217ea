//! The Python face of victor-core: converts, releases the GIL, maps errors; decides nothing.

use pyo3::prelude::*;

mod converting;
mod dense;
mod errors;
mod hot;
mod lexical;
mod minilm;
mod passages;
mod rank;
mod text;

#[pymodule]
fn victor_accelerate(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    errors::register(module)?;
    text::register(module)?;
    rank::register(module)?;
    hot::register(module)?;
    minilm::register(module)?;
    passages::register(module)?;
    module.add_class::<lexical::Lexical>()?;
    module.add_class::<dense::Dense>()
}
