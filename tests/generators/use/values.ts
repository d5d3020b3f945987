// What the clients send, and where to.
declare const process: { argv: string[] };
export const base = process.argv[2]!;
export const headers = { 'X-API-Key': 'any', Authorization: 'Bearer any' };
export const job = '019b7963-4a00-7000-8000-000000000001';
export const session = '019b7963-4a00-7000-8000-00000000c0de';
export const agentId = '11111111-1111-4111-8111-111111111111';
export const userId = '99999999-9999-4999-8999-999999999999';
export const projectId = 'demo-docs';
export const mission = {
  name: 'Round', deviceGroupId: 'harbour', priority: 5, metadata: { simulate: { speed: 'fast' as const }, mine: 1.5 },
};
export const show = (seen: unknown[]): void => console.log(JSON.stringify(seen));
