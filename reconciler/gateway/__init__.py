"""The only room that knows HTTP and URLs: behind it, every answer has one meaning."""
