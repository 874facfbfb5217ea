"""The search core in NumPy: everything the compiled core does, with the same results."""
