"""What a notebook can be given: read from its parameters cell, checked, and set with its types."""
