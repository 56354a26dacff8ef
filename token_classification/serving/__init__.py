"""A model behind HTTP: one queue for the texts of all clients, and the protocols that clients already speak."""
