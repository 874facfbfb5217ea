"""What turns texts into vectors, by one protocol: tables that need no download, models by name."""
