"""What trained models think of the words that another model learns."""
