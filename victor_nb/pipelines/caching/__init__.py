"""What notebooks depend on, and what they made from it: identities, entries, contents."""
