"""What learning is worth beside what a user would take instead: four protocols, many peers."""
