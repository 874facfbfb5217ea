"""Notebooks that tests make from the text of their cells."""

from __future__ import annotations


def code(text: str, *tags: str) -> dict[str, object]:
    """Return a code cell."""
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "metadata": metadata, "source": text, "outputs": [], "execution_count": None}


def markdown(text: str) -> dict[str, object]:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def notebook(*cells: dict[str, object] | str, language: str = "python") -> dict[str, object]:
    """Return a notebook; texts become code cells."""
    kernel = {"python": "python3", "R": "ir"}[language]
    return {
        "cells": [code(cell) if isinstance(cell, str) else cell for cell in cells],
        "metadata": {"kernelspec": {"name": kernel, "language": language, "display_name": kernel}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }


def with_parameters(text: str, *rest: str) -> dict[str, object]:
    """Return a notebook whose first cell is its parameters cell."""
    return notebook(code(text, "parameters"), *rest)
