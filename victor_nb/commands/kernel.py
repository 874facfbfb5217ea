"""`victor kernel`: a kernelspec whose kernels have the extension loaded from the start."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import click

from victor_nb.commands.group import VerbGroup
from victor_nb.errors import UsageError
from victor_nb.views import TextView

NAME = "victor"
DISPLAY_NAME = "Python (Victor)"


def kernelspec() -> dict[str, object]:
    """Return the kernelspec: this very interpreter, with the extension loaded.

    A command line flag rather than a profile: a profile would hide the user's own IPython settings.
    """
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--ext", "victor_nb"],
        "display_name": DISPLAY_NAME,
        "language": "python",
        "metadata": {"debugger": True},
    }


@click.group("kernel", cls=VerbGroup)
def command() -> None:
    """Install or remove the kernel "Python (Victor)".

    Example: victor kernel install
    """


_PREFIX_HELP = "Where kernelspecs live, below share/jupyter; default: this Python environment."


@command.command("install")
@click.option("--user", is_flag=True, help="Install for you instead of for this environment.")
@click.option("--prefix", type=click.Path(path_type=Path), metavar="FOLDER", help=_PREFIX_HELP)
def install(user: bool, prefix: Path | None) -> TextView:
    """Install the kernelspec, so that Jupyter offers "Python (Victor)".

    Example: victor kernel install --user
    """
    from jupyter_client.kernelspec import KernelSpecManager

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "kernel.json").write_text(json.dumps(kernelspec(), indent=1), encoding="utf-8")
        try:
            place = KernelSpecManager().install_kernel_spec(
                folder, NAME, user=user, prefix=None if user else str(prefix or sys.prefix)
            )
        except PermissionError as error:
            raise UsageError(
                "may not write the kernelspec there", str(error.filename), "victor kernel install --user"
            ) from error
    return TextView(f'installed the kernel "{DISPLAY_NAME}" in {place}')


@command.command("remove")
@click.option("--prefix", type=click.Path(path_type=Path), metavar="FOLDER", help=_PREFIX_HELP)
def remove(prefix: Path | None) -> TextView:
    """Remove the kernelspec again.

    Example: victor kernel remove
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    if prefix is not None:
        place = prefix / "share" / "jupyter" / "kernels" / NAME
        if not place.is_dir():
            raise UsageError(f"there is no kernel {NAME!r}", str(place))
        shutil.rmtree(place)
        return TextView(f'removed the kernel "{DISPLAY_NAME}" from {place}')
    try:
        return TextView(f'removed the kernel "{DISPLAY_NAME}" from {KernelSpecManager().remove_kernel_spec(NAME)}')
    except (NoSuchKernel, KeyError) as error:
        raise UsageError(f"the kernel {NAME!r} is not installed", hint="victor kernel install") from error
