"""Where documents come from: folders, notebooks, packages, tables; and what changed there."""
