// openapi-generator: typescript-fetch
import * as admin from '../fetch/admin/index';
import * as docs from '../fetch/docs/index';
import * as messaging from '../fetch/messaging/index';
import * as missions from '../fetch/missions/index';
import * as sessions from '../fetch/sessions/index';
import * as webhooks from '../fetch/webhooks/index';
import { agentId, base, headers, job, mission, projectId, session, show, userId } from './values';

const about = { basePath: base, headers };
const tenants = new admin.TenantsApi(new admin.Configuration(about));
const agents = new docs.Version2Api(new docs.Configuration(about));
const listing = new docs.Version1Api(new docs.Configuration(about));
const jobs = new messaging.JobsApi(new messaging.Configuration(about));
const flights = new missions.MissionsApi(new missions.Configuration(about));
const chats = new sessions.SessionsApi(new sessions.Configuration(about));
const deliveries = new webhooks.DeliveriesApi(new webhooks.Configuration(about));

const created = await flights.createJob({ createJobRequest: mission });
show([
  (await tenants.createTenant({ createTenantBody: { id: 'acme', name: 'Acme' } })).id,
  (await tenants.getTenant({ tenant: 'acme' })).name,
  (await tenants.listTenants()).tenants.length,
  (await agents.createJobV2({ projectId, prompt: { prompt: 'say Hello' } })).status,
  (await agents.getJobV2({ projectId, id: job })).source.repository,
  (await listing.listJobs({ projectId })).allSessions.length,
  (await jobs.createJob({ createJobBody: { userId, content: 'Hello' } })).jobId,
  (await jobs.getJob({ jobId: job })).prompt,
  (await jobs.listJobs({ status: 'pending' })).jobs.length,
  'job' in created && created.job.status,
  (await flights.getJob({ jobId: 'job' in created ? created.job.jobId : '' })).job.metadata['mine'],
  (await flights.listJobs({ status: 'PENDING', limit: 5 })).jobs.length,
  (await chats.createSession({ createSessionBody: { agentId, userId } })).sessionId,
  (await chats.getSession({ sessionId: session })).timeoutConfig.autoRenew,
  (await chats.listSessions()).sessions.length,
  (await deliveries.listDeliveries({ jobId: job })).deliveries.length,
]);
