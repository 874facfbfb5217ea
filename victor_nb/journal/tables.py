"""Tables and arrays as blobs: Arrow IPC for pandas, npy for NumPy; never pickle.

1. The libraries are looked up, not imported: a value of theirs can only exist where they are loaded, and reading
   imports them because the caller asked for such a value.
2. What Arrow would change on the way (labels, cells of Python objects) goes beside it or cell by cell through the
   codec; what it would still change is refused.
3. A secret is taken out of texts. Where it stands in another form, the value is refused.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any, Final, Protocol

from victor_nb.journal.errors import Unstorable
from victor_nb.journal.redaction import Redactor

if TYPE_CHECKING:
    import numpy as np


_AS_PYTHON: Final = frozenset("?bhilqpBHILQPefdFDUS")
"""Type codes of NumPy whose values Python's own types hold exactly: no long doubles, times or structures."""


class NoPlace(Exception):
    """Raised at the leaf that cannot be stored, with the reason; the codec finds the path to it."""


class Coder(Protocol):
    """What of the codec's writer is needed here."""

    redactor: Redactor

    def plain(self, value: Any) -> object: ...

    def blob(self, content: bytes) -> str: ...


class Decoder(Protocol):
    """What of the codec's reader is needed here."""

    def revive(self, plain: Any) -> Any: ...


def dump(value: Any, coder: Coder) -> dict[str, object] | None:
    """Return a value of pandas or NumPy as a tagged object; None for anything else.

    Raises:
        Unstorable: it holds something that cannot be represented exactly.
    """
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    if library == "pandas" and (pandas := sys.modules.get("pandas")) is not None:
        if kind is pandas.DataFrame or kind is pandas.Series or isinstance(value, pandas.Index):
            from victor_nb.journal import frames

            return {"$table": "frame", "blob": coder.blob(frames.dump(value, coder))}
        return _dump_pandas_scalar(value, coder)
    numpy = sys.modules.get("numpy")
    if library == "numpy" and numpy is not None:
        if kind is numpy.ndarray:
            return {"$table": "array", "blob": coder.blob(_npy(value, coder.redactor))}
        if isinstance(value, numpy.generic):
            return _dump_scalar(value, coder)
    return None


def load(kind: str, content: bytes, decoder: Decoder) -> Any:
    """Return the value that `dump` was given."""
    if kind == "frame":
        from victor_nb.journal import frames

        return frames.load(content, decoder)
    import numpy as np

    array = np.load(io.BytesIO(content), allow_pickle=False)
    return array[()] if kind == "item" else array


# -- scalars ---------------------------------------------------------------------------------------------------------


def _dump_scalar(value: np.generic, coder: Coder) -> dict[str, object]:
    import numpy as np

    dtype = value.dtype
    if dtype.char in _AS_PYTHON:
        return {"$scalar": [dtype.str, coder.plain(value.item())]}
    if dtype.kind in "mM":
        return {"$scalar": [dtype.str, coder.plain(int(value.astype("i8")))]}
    return {"$table": "item", "blob": coder.blob(_npy(np.asarray(value), coder.redactor))}


def scalar(dtype: str, value: Any) -> Any:
    """Return a NumPy scalar of `dtype`."""
    import numpy as np

    kind = np.dtype(dtype)
    if kind.kind in "mM":
        return np.array(value, "i8").view(kind)[()]
    return kind.type(value)


def _dump_pandas_scalar(value: Any, coder: Coder) -> dict[str, object] | None:
    import pandas as pd

    if value is pd.NaT or value is pd.NA:
        return {"$pandas": ["NaT" if value is pd.NaT else "NA"]}
    if isinstance(value, pd.Timestamp):
        from victor_nb.journal import times

        try:
            # pandas 2 makes zones of pytz, which carry their name in `zone`
            zone = getattr(value.tzinfo, "zone", None) or times.zone_to_json(value.tzinfo)
        except ValueError as failure:
            raise NoPlace(f": {failure}; use zoneinfo.ZoneInfo") from None
        return {"$pandas": ["Timestamp", coder.plain(value.to_datetime64()), zone]}
    if isinstance(value, pd.Timedelta):
        return {"$pandas": ["Timedelta", coder.plain(value.to_timedelta64())]}
    if isinstance(value, pd.Period):
        return {"$pandas": ["Period", value.ordinal, value.freqstr]}
    if isinstance(value, pd.Interval):
        return {"$pandas": ["Interval", coder.plain(value.left), coder.plain(value.right), value.closed]}
    return None


def pandas_scalar(kind: str, *parts: Any) -> Any:
    """Return the pandas scalar of that kind."""
    import pandas as pd

    if kind in ("NaT", "NA"):
        return getattr(pd, kind)
    if kind == "Timestamp":
        from victor_nb.journal import times

        moment, zone = pd.Timestamp(parts[0]), parts[1]
        if zone is None:
            return moment
        return moment.tz_localize("UTC").tz_convert(zone if isinstance(zone, str) else times.zone_from_json(zone))
    if kind == "Timedelta":
        return pd.Timedelta(parts[0])
    if kind == "Period":
        return pd.Period(ordinal=parts[0], freq=parts[1])
    return pd.Interval(parts[0], parts[1], closed=parts[2])


# -- arrays ----------------------------------------------------------------------------------------------------------


def _npy(array: np.ndarray[Any, Any], redactor: Redactor) -> bytes:
    import numpy as np

    if array.dtype.hasobject:
        raise Unstorable(
            f"an array of dtype {array.dtype} holds Python objects",
            hint="convert it to numbers or text, for example with array.astype(str), or return a list",
        )
    if array.dtype.kind in "US":
        array = _without_secrets(array, redactor)
    elif array.dtype.names is not None and _has_secret_text(array, redactor):
        raise held_secret()
    sink = io.BytesIO()
    np.lib.format.write_array(sink, array, version=(3, 0), allow_pickle=False)  # 3.0 takes field names of any script
    content = sink.getvalue()
    if redactor.clean(content) is not content:
        raise held_secret()
    return content


def _without_secrets(array: np.ndarray[Any, Any], redactor: Redactor) -> np.ndarray[Any, Any]:
    import numpy as np

    items = array.ravel().tolist()
    cleaned = [redactor.clean_text(item) if isinstance(item, str) else redactor.clean(item) for item in items]
    return array if cleaned == items else np.array(cleaned).reshape(array.shape)


def _has_secret_text(array: np.ndarray[Any, Any], redactor: Redactor) -> bool:
    texts = repr(array.tolist())
    return redactor.clean_text(texts) is not texts


def held_secret() -> Unstorable:
    """A value holds a secret in a form that cannot be taken out without breaking the value."""
    return Unstorable(
        "the table or array holds a secret, and not as a text that could be taken out",
        hint="leave that column or part out",
    )
