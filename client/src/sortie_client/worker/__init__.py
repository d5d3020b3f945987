"""Your own code as an agent: `Worker` claims an agent's jobs and answers them with a function."""

from sortie_client.worker.question import Question, Retry
from sortie_client.worker.worker import Worker

__all__ = ["Question", "Retry", "Worker"]
