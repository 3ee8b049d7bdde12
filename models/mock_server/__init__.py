"""The mock server: a model of this process behind an OpenAI-compatible endpoint on loopback, with faults.

`server.serving` starts it; it imports aiohttp and is therefore imported by name. Nothing here knows AutoGen,
roles or prompts: a model is a function of the messages' texts and a seed.
"""
