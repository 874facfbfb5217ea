"""Toolsets that come with Victor NB, one module each, and what they share."""
