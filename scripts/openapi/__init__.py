"""The OpenAPI documents of the public APIs.

Each is made of a table of the API's operations, whose bodies and answers are types, and whose
refusals are the errors that the code raises. Tests hold the handlers to these types, the documents
to the table, and the deployed stack to the documents.
"""
