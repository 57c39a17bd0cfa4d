"""What customers answered is made into examples, examples into epochs, and epochs are judged by what comes after them."""
