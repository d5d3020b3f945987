// hey-api: @hey-api/openapi-ts
import * as admin from '../hey/admin/index';
import { client as adminClient } from '../hey/admin/client.gen';
import * as docs from '../hey/docs/index';
import { client as docsClient } from '../hey/docs/client.gen';
import * as messaging from '../hey/messaging/index';
import { client as messagingClient } from '../hey/messaging/client.gen';
import * as missions from '../hey/missions/index';
import { client as missionsClient } from '../hey/missions/client.gen';
import * as sessions from '../hey/sessions/index';
import { client as sessionsClient } from '../hey/sessions/client.gen';
import * as webhooks from '../hey/webhooks/index';
import { client as webhooksClient } from '../hey/webhooks/client.gen';
import { agentId, base, headers, job, mission, projectId, session, show, userId } from './values';

export const ended = ({ data }: webhooks.WebhookMessage): boolean => data.status === 'SUCCEEDED';

adminClient.setConfig({ baseUrl: base, headers });
docsClient.setConfig({ baseUrl: base, headers });
messagingClient.setConfig({ baseUrl: base, headers });
missionsClient.setConfig({ baseUrl: base, headers });
sessionsClient.setConfig({ baseUrl: base, headers });
webhooksClient.setConfig({ baseUrl: base, headers });

const created = (await missions.createJob({ body: mission, throwOnError: true })).data;
const flight = { jobId: 'job' in created ? created.job.jobId : '' };
show([
  (await admin.createTenant({ body: { id: 'acme', name: 'Acme' }, throwOnError: true })).data.id,
  (await admin.getTenant({ path: { tenant: 'acme' }, throwOnError: true })).data.name,
  (await admin.listTenants({ throwOnError: true })).data.tenants.length,
  (await docs.createJobV2({ path: { projectId }, body: { prompt: 'say Hello' }, throwOnError: true })).data.status,
  (await docs.getJobV2({ path: { projectId, id: job }, throwOnError: true })).data.source.repository,
  (await docs.listJobs({ path: { projectId }, throwOnError: true })).data.allSessions.length,
  (await messaging.createJob({ body: { userId, content: 'Hello' }, throwOnError: true })).data.jobId,
  (await messaging.getJob({ path: { jobId: job }, throwOnError: true })).data.prompt,
  (await messaging.listJobs({ query: { status: 'pending' }, throwOnError: true })).data.jobs.length,
  'job' in created && created.job.status,
  (await missions.getJob({ path: flight, throwOnError: true })).data.job.metadata['mine'],
  (await missions.listJobs({ query: { status: 'PENDING', limit: 5 }, throwOnError: true })).data.jobs.length,
  (await sessions.createSession({ body: { agentId, userId }, throwOnError: true })).data.sessionId,
  (await sessions.getSession({ path: { sessionId: session }, throwOnError: true })).data.timeoutConfig.autoRenew,
  (await sessions.listSessions({ throwOnError: true })).data.sessions.length,
  (await webhooks.listDeliveries({ query: { jobId: job }, throwOnError: true })).data.deliveries.length,
]);
