"""Values as people write them: texts, names, domains, attribute values and global ids."""
