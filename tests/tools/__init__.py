"""Tests of victor_nb.tools."""
