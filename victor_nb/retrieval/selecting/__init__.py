"""Which tools an agent needs for a request, and what is learned from those that it used."""
