"""Which kernel a notebook runs in, found before one is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from victor_nb.errors import VictorError, nearest

if TYPE_CHECKING:
    from nbformat import NotebookNode


class UnknownKernel(VictorError):
    """A notebook names no kernel, or one that is not installed."""


def kernel_of(notebook: NotebookNode, asked: str, where: str, engine: str | None = None) -> str:
    """Return the name of the kernel to start: the one that is asked for, or the notebook's own.

    Raises:
        UnknownKernel: there is none of that name, or no name.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    from papermill.engines import papermill_engines

    try:
        name: str = papermill_engines.nb_kernel_name(engine, notebook, asked or None)
    except ValueError:
        raise UnknownKernel(
            "the notebook does not say in which kernel it runs",
            where,
            "open it in JupyterLab, choose a kernel and save it; or name one: notebook(…, kernel='python3')",
        ) from None
    specs = KernelSpecManager()
    try:
        specs.get_kernel_spec(name)
    except NoSuchKernel:
        known = sorted(specs.find_kernel_specs())
        raise UnknownKernel(
            f"there is no kernel {name!r}.{nearest(name, known)}",
            where,
            f"installed are {', '.join(known) or 'none'}; jupyter kernelspec list shows them",
        ) from None
    return name
