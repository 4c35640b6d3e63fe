"""What learning is worth beside what a user would take instead: five protocols, many peers."""
