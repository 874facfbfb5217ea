"""Tests of victor_nb.retrieval."""
