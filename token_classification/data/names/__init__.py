"""Names in texts: what their labels mean, and other ones in their place."""
