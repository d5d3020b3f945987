// Calls the published client, unmodified, and prints what came of each call.
// usage: node messaging.mjs '{"baseUrl": …, "apiKey": …, "calls": [["jobs", "create", {…}], …]}'
import { ApiError, ElizaClient, JobValidation } from '@elizaos/api-client';

const { baseUrl, apiKey, calls, service = 'jobs' } = JSON.parse(process.argv[2]);
const client = new ElizaClient({ baseUrl, apiKey });

async function outcome([service, method, ...args]) {
  const progress = [];
  for (const options of args.filter((each) => each?.onProgress)) {
    options.onProgress = (job, attempt) => progress.push([attempt, job.status]);
  }
  try {
    return { value: await client[service][method](...args), progress };
  } catch (error) {
    const { name, message, status } = error;
    return { error: { name, message, status, isApiError: error instanceof ApiError } };
  }
}

const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(client[service]));
const outcomes = await Promise.all(calls.map(outcome));
console.log(JSON.stringify({ methods, limits: JobValidation, outcomes }));
