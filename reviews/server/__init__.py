"""The review pages: an application, its guard, and the server that runs it (extra `review`)."""
