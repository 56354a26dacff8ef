"""The data doctor: what is wrong or doubtful in files of words and tags, and corrected copies of them."""
