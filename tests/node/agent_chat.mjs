// Talks to agents as `useChat` of the AI SDK does, with the unmodified Chat and transport of each version.
// Prints what each version saw. usage: node agent_chat.mjs '{"api": "http://…/chat", "headers": {…}}'
const { api, headers } = JSON.parse(process.argv[2]);
const text = ({ parts }) => parts.filter((part) => part.type === 'text').map((part) => part.text).join('');
const shown = (message) => [message.role, text(message)];

async function talk(version) {
  const { Chat } = await import(`ai-react${version}`);
  const { DefaultChatTransport } = await import(`ai${version}`);
  const errors = [];
  const open = (id, messages = []) => new Chat({
    id: `${id}-${version}`, messages, transport: new DefaultChatTransport({ api, headers }),
    onError: (error) => errors.push(error.message),
  });
  const until = async (holds) => { while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10)); };
  const seen = {};

  const chat = open('chat');
  await chat.resumeStream();
  seen.unknown = chat.messages.map(shown);
  let updates = 0;
  chat['~registerMessagesCallback'](() => { updates += 1; });
  await chat.sendMessage({ text: '/stream 0.6 one two three' });
  seen.streamed = updates > 3;
  seen.metadata = Object.keys(chat.lastMessage.metadata);
  await chat.sendMessage({ text: 'and now?' });
  await chat.regenerate();
  seen.said = chat.messages.map(shown);

  const first = chat.messages[0].id;
  await chat.sendMessage({ text: 'edited', messageId: first });
  seen.edited = chat.messages.map(shown);

  const before = open('left');
  const sending = before.sendMessage({ text: '/stream 2 alpha beta gamma delta' });
  await until(() => before.lastMessage?.role === 'assistant' && text(before.lastMessage) !== '');
  await before.stop();
  await sending;
  seen.left = before.messages.length;
  const kept = before.messages.filter((each) => each.role === 'user');
  const after = open('left', kept);
  await after.resumeStream();
  seen.resumed = after.messages.map(shown);
  await after.resumeStream();
  seen.over = after.messages.length;

  const failing = open('failing');
  await failing.sendMessage({ text: '/fail the harbour is closed' });
  seen.errors = [...errors, failing.status];
  return seen;
}

const seen = {};
for (const version of [5, 6, 7]) seen[version] = await talk(version);
console.log(JSON.stringify(seen));
