"""What is told of users and organisations: their words, their pictures, their numbers."""
