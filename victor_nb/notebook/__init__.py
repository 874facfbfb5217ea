"""The IPython face: `%load_ext victor_nb` gives a notebook the `%victor` and `%%victor` magics.

1. A face parses words and shows views; what a verb does is decided in `commands`.
2. Nothing here is imported before a notebook asks for it, and loading the extension imports no heavy library.
3. User code and prompts run on the kernel's main thread; agents run on one background thread.
"""
