"""A job in shards: what becomes of each is a part of the results, which a process reads and writes by itself."""
