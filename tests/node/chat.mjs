// Talks to the documentation agents' API as chats of the AI SDK do, with unmodified transports.
// The server answers "slow" when it is told "finish". Prints what each version saw.
// usage: node chat.mjs '{"api": "http://…/job", "headers": {…}}'
import { callChatApi } from '@ai-sdk/ui-utils';

const { api, headers } = JSON.parse(process.argv[2]);
const shown = ({ role, parts }) =>
  [role, parts.filter((part) => part.type === 'text').map((part) => part.text).join('')];

async function version4() {
  const seen = {};
  await callChatApi({
    api, headers, streamProtocol: 'data', generateId: () => 'id',
    body: { id: 'chat-4', messages: [{ role: 'user', content: 'Hello', parts: [{ type: 'text', text: 'Hello' }] }] },
    onUpdate: ({ message }) => { seen.message = message; },
    onFinish: (message) => { seen.message = message; },
    onToolCall: () => undefined,
    restoreMessagesOnFailure: () => undefined,
  });
  return { first: [shown(seen.message)] };
}

async function later(version) {
  const { Chat } = await import(`ai-react${version}`);
  const { DefaultChatTransport } = await import(`ai${version}`);
  const open = (messages) =>
    new Chat({ id: `chat-${version}`, messages, transport: new DefaultChatTransport({ api, headers }) });
  const chat = open([]), seen = {};
  const note = (name, { messages, error, status }) => {
    if (error || status !== 'ready') throw new Error(`${name}: ${status} ${error}`);
    seen[name] = messages.map(shown);
  };

  await chat.resumeStream();
  note('unknown', chat);
  await chat.sendMessage({ text: 'Hello' });
  note('first', chat);
  await chat.regenerate();
  note('regenerated', chat);

  const sent = chat.sendMessage({ text: 'slow' });
  while (chat.status !== 'streaming') await new Promise((resolve) => setTimeout(resolve, 10));
  const reloaded = open(chat.messages.filter((each) => each.role === 'user'));
  const resumed = reloaded.resumeStream();
  while (reloaded.status !== 'streaming') await new Promise((resolve) => setTimeout(resolve, 10));
  const other = new Chat({ transport: new DefaultChatTransport({ api, headers }) });
  await Promise.all([sent, resumed, other.sendMessage({ text: 'finish' })]);
  note('resumed', reloaded);
  await reloaded.resumeStream();
  note('ended', reloaded);
  return seen;
}

const seen = { 4: await version4() };
for (const version of [5, 6, 7]) seen[version] = await later(version);
console.log(JSON.stringify(seen));
