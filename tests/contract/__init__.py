"""The same API from all sides: our document, our client, the official SDK and CLI, our server."""
