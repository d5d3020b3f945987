"""The API of workers; `sortie_client.worker` uses it."""
