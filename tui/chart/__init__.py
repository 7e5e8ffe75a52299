"""How curves become cells: axes, reduction to the plot's width, smoothing, the picture. No Textual in here."""
