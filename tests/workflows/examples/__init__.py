"""The familiar programs of the world of graphs, each complete, each killed and resumed by `test_examples.py`."""
