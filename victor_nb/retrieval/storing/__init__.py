"""What an index keeps: the journal of documents, both arms, filters, and the lock around them."""
