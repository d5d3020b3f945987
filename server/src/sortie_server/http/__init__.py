"""What API Gateway does with requests and responses, in this process."""
