"""Speed of the parts of a training, and of indexing."""
