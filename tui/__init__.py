"""`cnnlab-tui`: the laboratory on a screen. It reads run folders and leaves wishes; it never imports torch."""
