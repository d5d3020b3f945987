// openapi-typescript, with its client openapi-fetch
import createClient from 'openapi-fetch';
import type { components } from '../types/webhooks';
import type { paths as Admin } from '../types/admin';
import type { paths as Docs } from '../types/docs';
import type { paths as Messaging } from '../types/messaging';
import type { paths as Missions } from '../types/missions';
import type { paths as Sessions } from '../types/sessions';
import type { paths as Webhooks } from '../types/webhooks';
import { agentId, base, headers, job, mission, projectId, session, show, userId } from './values';

type Received = components['schemas']['WebhookMessage'];
export const ended = (message: Received): boolean => message.data.status === 'SUCCEEDED';

const about = { baseUrl: base, headers };
const admin = createClient<Admin>(about), docs = createClient<Docs>(about);
const messaging = createClient<Messaging>(about), missions = createClient<Missions>(about);
const sessions = createClient<Sessions>(about), webhooks = createClient<Webhooks>(about);

const created = (await missions.POST('/v3/jobs/create', { body: mission })).data!;
const flight = { path: { jobId: 'job' in created ? created.job.jobId : '' } };
show([
  (await admin.POST('/admin/tenants', { body: { id: 'acme', name: 'Acme' } })).data!.id,
  (await admin.GET('/admin/tenants/{tenant}', { params: { path: { tenant: 'acme' } } })).data!.name,
  (await admin.GET('/admin/tenants')).data!.tenants.length,
  (await docs.POST('/v2/agent/{projectId}/job', { params: { path: { projectId } }, body: { prompt: 'say Hello' } })).data!.status,
  (await docs.GET('/v2/agent/{projectId}/job/{id}', { params: { path: { projectId, id: job } } })).data!.source.repository,
  (await docs.GET('/v1/agent/{projectId}/jobs', { params: { path: { projectId } } })).data!.allSessions.length,
  (await messaging.POST('/api/messaging/jobs', { body: { userId, content: 'Hello' } })).data!.jobId,
  (await messaging.GET('/api/messaging/jobs/{jobId}', { params: { path: { jobId: job } } })).data!.prompt,
  (await messaging.GET('/api/messaging/jobs', { params: { query: { status: 'pending' } } })).data!.jobs.length,
  'job' in created && created.job.status,
  (await missions.GET('/v3/jobs/{jobId}', { params: flight })).data!.job.metadata['mine'],
  (await missions.GET('/v3/jobs', { params: { query: { status: 'PENDING', limit: 5 } } })).data!.jobs.length,
  (await sessions.POST('/api/messaging/sessions', { body: { agentId, userId } })).data!.sessionId,
  (await sessions.GET('/api/messaging/sessions/{sessionId}', { params: { path: { sessionId: session } } })).data!.timeoutConfig.autoRenew,
  (await sessions.GET('/api/messaging/sessions')).data!.sessions.length,
  (await webhooks.GET('/webhooks/deliveries', { params: { query: { jobId: job } } })).data!.deliveries.length,
]);
