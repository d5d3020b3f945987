"""The OpenAPI documents of the public APIs.

Each comes from a table of the API's operations. Bodies and responses are the types that the
features use (`jobs/<feature>/api/{requests,types}.py`); error responses are made of the errors that
the code raises. A table adds what only readers need: paths, summaries, examples. Tests compare
handlers with the types, documents with the tables, and the deployed stack with the documents.
"""
