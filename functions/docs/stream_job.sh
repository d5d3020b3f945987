#!/bin/sh
# Started by the Lambda Web Adapter, which hands the server each request and streams its answer.
# The layers come before what Lambda's own runtime brings, as for any handler.
PYTHONPATH="/opt/python${PYTHONPATH:+:$PYTHONPATH}" exec python3 -m uvicorn jobs.docs.api.stream:app \
  --host 127.0.0.1 --port "$AWS_LWA_PORT" --lifespan off --ws none \
  --no-access-log --log-level warning --no-server-header --no-date-header # API Gateway would rename them
