#!/bin/sh
# Started by the Lambda Web Adapter, as functions/docs/stream_job.sh is: all its answers stream.
PYTHONPATH="/opt/python${PYTHONPATH:+:$PYTHONPATH}" exec python3 -m uvicorn jobs.payments.api.message_stream:app \
  --host 127.0.0.1 --port "$AWS_LWA_PORT" --lifespan off --ws none \
  --no-access-log --log-level warning --no-server-header --no-date-header # API Gateway would rename them
