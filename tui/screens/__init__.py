"""One screen a file, its stylesheet beside it. A screen knows no other screen."""
