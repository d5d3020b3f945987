"""Redrive of a stack's dead-letter queues, for operators with access to its AWS account.

Needs the extra `aws`.
"""
