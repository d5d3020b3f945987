// Reads a stream with the npm package eventsource, which reconnects by itself, until it stops.
// usage: node event_source.mjs '{"url": "…", "headers": {…}}'
import { EventSource } from 'eventsource';

const { url, headers } = JSON.parse(process.argv[2]);
const seen = { statuses: [], data: [] };
const source = new EventSource(url, {
  fetch: async (place, options) => {
    const answer = await fetch(place, { ...options, headers: { ...options.headers, ...headers } });
    seen.statuses.push(answer.status);
    return answer;
  },
});
source.onmessage = ({ data }) => seen.data.push(data);
source.onerror = () => {
  if (source.readyState === EventSource.CLOSED) console.log(JSON.stringify(seen));
};
