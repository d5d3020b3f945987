"""What all APIs share: flows, retries, HTTP and models. Not public."""
