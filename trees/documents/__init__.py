"""Functions that people bring along (`tools.file`): OpenAPI, MCP and function schemas become APIs.

reading -> openapi | function_lists (-> schema_converter -> schema_keywords) -> toolset -> capabilities

Nothing is ever fetched, evaluated or written here; what a document asks for beyond itself is refused.
"""
