"""What a notebook reads and imports, seen in its kernel while it runs."""
