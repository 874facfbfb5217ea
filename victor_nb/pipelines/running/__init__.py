"""A pipeline at work: what is given to each node, when it begins, what it does and what comes of it.

`pipeline_node` is called by the engine and has `scheduling` begin nodes; `performing` sees one member through, from the
look-up in the cache to the record; `works` and `notebook_work` do what nodes do.
"""
