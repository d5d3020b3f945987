// orval, with fetch
import * as admin from '../orval/admin';
import * as docs from '../orval/docs';
import * as messaging from '../orval/messaging';
import * as missions from '../orval/missions';
import * as sessions from '../orval/sessions';
import * as webhooks from '../orval/webhooks';
import { agentId, base, headers, job, mission, projectId, session, show, userId } from './values';

export const ended = ({ data }: webhooks.WebhookMessage): boolean => data.status === 'SUCCEEDED';

const send = globalThis.fetch;
globalThis.fetch = (path, init) =>
  send(new URL(String(path), base), { ...init, headers: { ...headers, ...(init?.headers as Record<string, string>) } });

type Success<T extends { status: number }> = Extract<T, { status: 200 | 201 }>;
async function get<T extends { status: number }>(answer: Promise<T>): Promise<Success<T>> {
  const made = await answer;
  if (made.status >= 300) throw new Error(JSON.stringify(made));
  return made as Success<T>;
}

const created = (await get(missions.createJob(mission))).data;
show([
  (await get(admin.createTenant({ id: 'acme', name: 'Acme' }))).data.id,
  (await get(admin.getTenant('acme'))).data.name,
  (await get(admin.listTenants())).data.tenants.length,
  (await get(docs.createJobV2(projectId, { prompt: 'say Hello' }))).data.status,
  (await get(docs.getJobV2(projectId, job))).data.source.repository,
  (await get(docs.listJobs(projectId))).data.allSessions.length,
  (await get(messaging.createJob({ userId, content: 'Hello' }))).data.jobId,
  (await get(messaging.getJob(job))).data.prompt,
  (await get(messaging.listJobs({ status: 'pending' }))).data.jobs.length,
  'job' in created && created.job.status,
  (await get(missions.getJob('job' in created ? created.job.jobId : ''))).data.job.metadata['mine'],
  (await get(missions.listJobs({ status: 'PENDING', limit: 5 }))).data.jobs.length,
  (await get(sessions.createSession({ agentId, userId }))).data.sessionId,
  (await get(sessions.getSession(session))).data.timeoutConfig.autoRenew,
  (await get(sessions.listSessions())).data.sessions.length,
  (await get(webhooks.listDeliveries({ jobId: job }))).data.deliveries.length,
]);
