//! Many documents at once: cut into chunks, their words found once, vectors of them.

use std::borrow::Cow;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use rayon::prelude::*;
use victor_core::code::{self, Language};
use victor_core::hot::{embed, halves};
use victor_core::passages::Passages as Core;

use crate::converting::as_bytes;
use crate::hot::StaticTable;

/// The title, the path and the chunks of a document.
type Document<'py> = (Bound<'py, PyString>, Bound<'py, PyString>, Vec<Bound<'py, PyString>>);
/// A chunk: its text, its first and last line, and the names that it defines.
type Cut<'py> = (Bound<'py, PyString>, usize, usize, Bound<'py, PyTuple>);

#[pyclass(frozen, module = "victor_accelerate")]
pub struct Passages {
    pub core: Core,
}

#[pymethods]
impl Passages {
    #[new]
    fn new(py: Python<'_>, documents: Vec<Document<'_>>) -> Self {
        let read: Vec<[Vec<Cow<'_, str>>; 2]> = documents
            .iter()
            .map(|(title, path, chunks)| {
                let heading = vec![title.to_string_lossy(), path.to_string_lossy()];
                [heading, chunks.iter().map(|chunk| chunk.to_string_lossy()).collect()]
            })
            .collect();
        py.detach(|| {
            let mut core = Core::default();
            for [heading, chunks] in &read {
                core.push(&heading[0], &heading[1], chunks.iter().map(AsRef::as_ref));
            }
            Self { core }
        })
    }

    /// Return the rows of a table's vectors as bytes of 32-bit floats, as precise as 16-bit floats.
    fn embed<'py>(&self, py: Python<'py>, table: &StaticTable) -> Bound<'py, PyBytes> {
        let rows = py.detach(|| halved(table.core.embed_passages(&self.core), table.core.dimension()));
        as_bytes(py, &rows)
    }

    /// Return the rows of hashed terms as bytes of 32-bit floats, as precise as 16-bit floats.
    fn hash_embed<'py>(&self, py: Python<'py>, dimension: usize) -> PyResult<Bound<'py, PyBytes>> {
        if dimension == 0 {
            return Err(PyValueError::new_err("a dimension of 0"));
        }
        let rows = py.detach(|| halved(embed::embed_passages(&self.core, dimension), dimension));
        Ok(as_bytes(py, &rows))
    }

    fn __len__(&self) -> usize {
        self.core.len()
    }
}

fn halved(mut rows: Vec<f32>, dimension: usize) -> Vec<f32> {
    halves::halve(&mut rows, dimension);
    rows
}

/// Cut texts along the syntax of their languages.
#[pyfunction]
fn cut<'py>(py: Python<'py>, texts: Vec<Bound<'py, PyString>>, languages: Vec<String>) -> PyResult<Vec<Vec<Cut<'py>>>> {
    if texts.len() != languages.len() {
        return Err(PyValueError::new_err(format!("{} languages for {} texts", languages.len(), texts.len())));
    }
    let texts: Vec<Cow<'_, str>> = texts.iter().map(|text| text.to_string_lossy()).collect();
    let found: Vec<Vec<code::Chunk>> = py.detach(|| {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let given = texts.par_iter().zip(&languages);
        given.map(|(text, language)| code::chunks(text, Language::named(language))).collect()
    });
    let given = |(text, chunks): (&Cow<'_, str>, Vec<code::Chunk>)| {
        chunks.into_iter().map(|one| given(py, text, one)).collect::<PyResult<Vec<_>>>()
    };
    texts.iter().zip(found).map(given).collect()
}

fn given<'py>(py: Python<'py>, text: &str, one: code::Chunk) -> PyResult<Cut<'py>> {
    let names = PyTuple::new(py, one.names)?;
    Ok((PyString::new(py, &text[one.bytes]), one.first, one.last, names))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(cut, module)?)?;
    module.add_class::<Passages>()
}
