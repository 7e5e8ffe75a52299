"""A run's report as documents, rows, lines and pages: everything that needs no screen."""
