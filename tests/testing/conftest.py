"""The plugin's fixtures, for a working copy that is not installed, where pytest does not find the plugin by itself."""

from victor_nb.testing.plugin import victor_frozen_clock, victor_journal  # noqa: F401
