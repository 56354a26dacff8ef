"""Labels as annotation tools keep them: a text, and spans of its characters. Here they meet words and tags."""
