"""DataFrames, Series and Indexes as Arrow, exactly: values, types, labels of any kind, duplicate names.

1. Columns are called c0, c1, … and index levels i0, i1, … inside; real labels stand in the schema's metadata. Arrow
   turns labels into texts and refuses two that are equal.
2. A column of Python objects is written cell by cell through the codec, unless its cells are all texts.
3. Every type is compared with what Arrow would give back before anything is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import pandas as pd
import pyarrow as pa

from victor_nb.journal.errors import Unstorable
from victor_nb.journal.tables import NoPlace, held_secret

if TYPE_CHECKING:
    from victor_nb.journal.redaction import Redactor
    from victor_nb.journal.tables import Coder, Decoder

_OURS: Final = b"victor"
_ADVICE: Final = "give each column one type (text, numbers, dates), for example with df.astype(str)"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def dump(value: Any, coder: Coder) -> bytes:
    """Return a DataFrame, Series or Index as one Arrow stream.

    Raises:
        Unstorable: a column has a type that Arrow does not give back, or holds a secret that is no text.
    """
    packed = _packed(value, coder)
    content = _ipc(packed)
    if coder.redactor.clean(content) is content:
        return content
    content = _ipc(_cleaned(packed, coder.redactor))
    if coder.redactor.clean(content) is not content:
        raise held_secret()
    return content


def load(content: bytes, decoder: Decoder) -> Any:
    """Return the value that `dump` was given."""
    table = pa.ipc.open_stream(content).read_all()
    spec = _decode(table.schema.metadata[_OURS])
    frame = table.to_pandas()
    columns = {name: _decoded(frame[name], spec["coded"].get(name), decoder) for name in frame.columns}
    index = _index(spec["index"], columns, decoder)
    if spec["kind"] == "index":
        return index
    data = {name: column for name, column in columns.items() if name[0] == "c"}
    if spec["kind"] == "series":
        series = data["c0"].set_axis(index)
        series.name = decoder.revive(spec["name"])
        return series
    made = pd.DataFrame(data, index=None if data else index)
    made.index = index
    made.columns = _index(spec["columns"], None, decoder)
    made.attrs = decoder.revive(spec["attrs"])
    return made


# -- writing ---------------------------------------------------------------------------------------------------------


def _packed(value: Any, coder: Coder) -> pa.Table:
    index = value if isinstance(value, pd.Index) else value.index
    columns: dict[str, pd.Series[Any]] = {}
    spec: dict[str, object] = {"index": _level_spec(index, coder)}
    if isinstance(value, pd.DataFrame):
        columns = {f"c{place}": value.iloc[:, place] for place in range(value.shape[1])}
        labels = {**_label_spec(value.columns, coder)}
        spec |= {"kind": "frame", "columns": labels, "attrs": coder.plain(dict(value.attrs))}
    elif isinstance(value, pd.Series):
        columns = {"c0": value}
        spec |= {"kind": "series", "name": coder.plain(value.name)}
    else:
        spec |= {"kind": "index"}
    if not isinstance(index, pd.RangeIndex):
        columns |= {f"i{level}": _level(index, level) for level in range(index.nlevels)}
    spec["coded"] = coded = {name: how for name, column in columns.items() if (how := _coding(column, coder))}
    written = {
        name: _coded(column, coder) if isinstance(coded.get(name), dict) else column for name, column in columns.items()
    }
    table = _arrow({name: column.reset_index(drop=True) for name, column in written.items()})
    return table.replace_schema_metadata({**(table.schema.metadata or {}), _OURS: _encode(spec)})


def _arrow(columns: dict[str, Any]) -> pa.Table:
    try:
        return pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError) as failure:
        raise Unstorable(f"the table holds something that Arrow cannot represent: {failure}", hint=_ADVICE) from failure


def _coding(column: pd.Series[Any], coder: Coder) -> object:
    """None where Arrow gives the column back as it was; "text", or the type that its cells have to become again."""
    if column.dtype == object:
        return "text" if _is_text(column) else {"dtype": "object"}
    first = pd.DataFrame({"c": column.iloc[:1].reset_index(drop=True)})
    try:
        if pa.Table.from_pandas(first, preserve_index=False).to_pandas()["c"].dtype == column.dtype:
            return None
    except (pa.ArrowException, TypeError, ValueError):
        pass
    try:
        return {"dtype": _dtype_spec(column.dtype, coder)}
    except NoPlace as failure:
        raise _no_place(column, failure) from None


def _dtype_spec(dtype: Any, coder: Coder) -> object:
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        return {
            "categories": [coder.plain(category) for category in categories.array],
            "of": _dtype_spec(categories.dtype, coder),
            "ordered": bool(dtype.ordered),
        }
    if isinstance(dtype, pd.SparseDtype):
        return {"sparse": _dtype_spec(dtype.subtype, coder), "fill": coder.plain(dtype.fill_value)}
    try:
        if pd.api.types.pandas_dtype(str(dtype)) == dtype:
            return str(dtype)
    except TypeError:
        pass
    raise Unstorable(f"a column of type {dtype} cannot be stored exactly", hint=_ADVICE)


def _is_text(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.infer_dtype(column, skipna=False) == "string")


def _coded(column: pd.Series[Any], coder: Coder) -> pd.Series[Any]:
    try:
        cells = [_encode(coder.plain(cell)).decode() for cell in column.array]
    except NoPlace as failure:
        raise _no_place(column, failure) from None
    return pd.Series(cells, dtype=object)


def _no_place(column: pd.Series[Any], failure: NoPlace) -> Unstorable:
    return Unstorable(f"the column {column.name!r} holds an object that cannot be stored{failure}", hint=_ADVICE)


def _level(index: pd.Index[Any], level: int) -> pd.Series[Any]:
    return pd.Series(index.get_level_values(level).array)


def _level_spec(index: pd.Index[Any], coder: Coder) -> dict[str, object]:
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], "names": [coder.plain(index.name)]}
    return {
        "levels": index.nlevels,
        "names": [coder.plain(name) for name in index.names],
        "freq": getattr(index, "freqstr", None) if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex) else None,
    }


def _label_spec(labels: pd.Index[Any], coder: Coder) -> dict[str, object]:
    """Column labels are few: they stand in the metadata whole."""
    spec = _level_spec(labels, coder)
    if "range" not in spec:
        levels = [labels.get_level_values(level) for level in range(labels.nlevels)]
        spec["values"] = [[coder.plain(label) for label in level.array] for level in levels]
        spec["dtypes"] = [_dtype_spec(level.dtype, coder) for level in levels]
    return spec


def _ipc(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


# -- secrets ---------------------------------------------------------------------------------------------------------


def _cleaned(table: pa.Table, redactor: Redactor) -> pa.Table:
    """A copy in which every text was cleaned, in cells, labels and names."""
    spec = table.schema.metadata[_OURS]
    coded = {name for name, how in _decode(spec)["coded"].items() if isinstance(how, dict)}
    for place, field in enumerate(table.schema):
        column = table.column(place)
        cleaned = _cleaned_array(column, redactor, is_json=field.name in coded)
        if cleaned is not column:
            table = table.set_column(place, field.with_type(cleaned.type), cleaned)
    return table.replace_schema_metadata({**table.schema.metadata, _OURS: redactor.clean_json(spec)})


def _cleaned_array(column: Any, redactor: Redactor, *, is_json: bool) -> Any:
    kind = column.type
    if pa.types.is_dictionary(kind):
        whole = column.combine_chunks()
        values = _cleaned_array(whole.dictionary, redactor, is_json=False)
        return column if values is whole.dictionary else pa.DictionaryArray.from_arrays(whole.indices, values)
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        return column
    clean = (lambda text: redactor.clean_json(text.encode()).decode()) if is_json else redactor.clean_text
    return pa.array([text if text is None else clean(text) for text in column.to_pylist()], type=kind)


# -- reading ---------------------------------------------------------------------------------------------------------


def _decoded(column: pd.Series[Any], how: Any, decoder: Decoder) -> pd.Series[Any]:
    if how is None:
        return column
    cells = column.astype(object)
    if how == "text":
        return cells
    made = pd.Series([None] * len(cells), dtype=object)
    for place, cell in enumerate(cells):
        made.iat[place] = decoder.revive(_decode(cell))
    return made if how["dtype"] == "object" else made.astype(_dtype(how["dtype"], decoder))


def _dtype(spec: Any, decoder: Decoder) -> Any:
    if isinstance(spec, str):
        return pd.api.types.pandas_dtype(spec)
    if "sparse" in spec:
        return pd.SparseDtype(_dtype(spec["sparse"], decoder), decoder.revive(spec["fill"]))
    return pd.CategoricalDtype(_labels(spec["categories"], spec["of"], decoder), ordered=spec["ordered"])


def _index(spec: dict[str, Any], columns: dict[str, pd.Series[Any]] | None, decoder: Decoder) -> pd.Index[Any]:
    names = [decoder.revive(name) for name in spec["names"]]
    if "range" in spec:
        start, stop, step = spec["range"]
        return pd.RangeIndex(start, stop, step, name=names[0])
    if columns is not None:
        levels = [pd.Index(columns[f"i{level}"].array) for level in range(spec["levels"])]
    else:
        levels = [_labels(values, dtype, decoder) for values, dtype in zip(spec["values"], spec["dtypes"], strict=True)]
    if spec["levels"] > 1:
        return pd.MultiIndex.from_arrays(levels, names=names)
    index: Any = levels[0].rename(names[0])
    if spec["freq"] is not None:
        index.freq = spec["freq"]
    named: pd.Index[Any] = index
    return named


def _labels(written: list[Any], dtype: Any, decoder: Decoder) -> pd.Index[Any]:
    labels = [decoder.revive(label) for label in written]
    index: pd.Index[Any] = pd.Index(labels, dtype=object, tupleize_cols=False)
    typed: pd.Index[Any] = index if dtype == "object" else index.astype(_dtype(dtype, decoder))
    return typed
