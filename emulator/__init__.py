"""A Secret Manager of our own: the platform's REST API, encrypted at rest, standing alone."""
