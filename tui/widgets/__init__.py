"""One widget a file. A widget knows no screen."""
