"""What the report's screen shows and where, without a screen."""
