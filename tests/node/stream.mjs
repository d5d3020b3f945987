// Reads streams as the AI SDK's own clients do, and prints what they made of them.
// usage: node stream.mjs '{"sdk": "ai4" | "ai5" | "ai6" | "ai7", "streams": ["…", …]}'
import { callChatApi, parseDataStreamPart } from '@ai-sdk/ui-utils';

const { sdk, streams } = JSON.parse(process.argv[2]);

// The client throws at an error part, so the parts are all parsed first.
async function version4(text) {
  const parts = text.split('\n').slice(0, -1).map(parseDataStreamPart);
  const made = { errors: parts.filter((part) => part.type === 'error').map((part) => part.value) };
  const usage = parts.at(-1).value.usage;
  await callChatApi({
    api: '/', body: {}, streamProtocol: 'data', generateId: () => 'id',
    fetch: async () => new Response(text),
    onUpdate: ({ message }) => { made.message = message; },
    onFinish: (message, { finishReason }) => { made.message = message; made.finishReason = finishReason; },
    onToolCall: () => undefined,
    restoreMessagesOnFailure: () => undefined,
  }).catch((error) => made.errors.push(error.message));
  const tools = (made.message?.parts ?? []).filter((part) => part.type === 'tool-invocation');
  return {
    errors: [...new Set(made.errors)],
    usage: [usage.promptTokens, usage.completionTokens],
    finishReason: parts.at(-1).value.finishReason,
    text: parts.filter((part) => part.type === 'text').map((part) => part.value).join(''),
    shown: made.message?.content ?? '',
    tools: tools.map(({ toolInvocation: { toolName, args, result } }) => [toolName, args, result]),
  };
}

async function later(text) {
  const { parseJsonEventStream, readUIMessageStream, uiMessageChunkSchema } = await import(sdk);
  const schema = typeof uiMessageChunkSchema === 'function' ? uiMessageChunkSchema() : uiMessageChunkSchema;
  const errors = [], chunks = [];
  const checked = new TransformStream({
    transform(parsed, controller) {
      if (!parsed.success) throw parsed.error;
      chunks.push(parsed.value);
      controller.enqueue(parsed.value);
    },
  });
  const stream = parseJsonEventStream({ stream: new Response(text).body, schema }).pipeThrough(checked);
  let message;
  for await (const each of readUIMessageStream({ stream, onError: (error) => errors.push(error.message) })) {
    message = each;
  }
  const finish = chunks.at(-1);
  const parts = message?.parts ?? [];
  const shown = parts.filter((part) => part.type === 'text').map((part) => part.text).join('');
  return {
    errors: [...new Set(errors)],
    usage: Object.values(finish.messageMetadata.usage),
    finishReason: finish.messageMetadata.finishReason,
    text: chunks.filter((chunk) => chunk.type === 'text-delta').map((chunk) => chunk.delta).join(''),
    shown,
    tools: parts.filter((part) => part.type.startsWith('tool-')).map(
      ({ type, input, output, errorText }) =>
        [type.slice(5), input, errorText === undefined ? output : { error: errorText }]),
  };
}

const read = sdk === 'ai4' ? version4 : later;
console.log(JSON.stringify(await Promise.all(streams.map(read))));
