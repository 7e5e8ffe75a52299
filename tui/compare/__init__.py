"""What the comparison's screen shows, without a screen."""
