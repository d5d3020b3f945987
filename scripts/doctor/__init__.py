"""What an account, a region and a stack lack, and what to do about it."""
