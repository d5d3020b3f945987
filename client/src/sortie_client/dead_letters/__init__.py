"""What no worker of a stack could process, and how it gets on its way once more.

For whoever operates the stack, with rights in its AWS account. It needs the extra `aws`.
"""

from sortie_client.dead_letters.aws import clients
from sortie_client.dead_letters.errors import KeptError
from sortie_client.dead_letters.letters import DeadLetterQueue, DeadLetters, Redriven

__all__ = ["DeadLetterQueue", "DeadLetters", "KeptError", "Redriven", "clients"]
