"""Results of tools, kept and given again while nothing that they were made from has changed."""
