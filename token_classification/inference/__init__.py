"""From text or words to tags and entities, with any model that was trained or exported here."""
