"""What can be found: documents cut into chunks, indexed, and searched by words and by meaning."""
