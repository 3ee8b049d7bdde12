"""Clients, which answer questions: endpoints over HTTP, AutoGen's components, a local file, doubles."""
