// Asks for something that costs, with a published x402 client, and prints how it went.
// usage: node pay.mjs '{"client": "x402-fetch", "network": "base", "privateKey": "0x…", "url": …, "headers": {…}, "body": {…}}'
import axios from 'axios';
import { x402Client } from '@x402/core/client';
import { registerExactEvmScheme } from '@x402/evm/exact/client';
import * as v2 from '@x402/fetch';
import { createWalletClient, http } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import * as chains from 'viem/chains';
import { withPaymentInterceptor } from 'x402-axios';
import * as v1 from 'x402-fetch';

const { client, network, privateKey, url, headers, body } = JSON.parse(process.argv[2]);
const chain = { base: chains.base, polygon: chains.polygon }[network];
const account = privateKeyToAccount(privateKey);
const wallet = createWalletClient({ account, chain, transport: http('http://127.0.0.1:9') });
const request = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
const sent = [];

// What the client sends, as it is sent; the client itself is left as it is.
async function watched(...args) {
  const asked = new Request(...args);
  sent.push(Object.fromEntries(asked.headers));
  return fetch(asked);
}

const clients = {
  'x402-fetch': () => v1.wrapFetchWithPayment(watched, wallet)(url, request),
  '@x402/fetch': () => {
    const onNetwork = (_, offers) => offers.find((offer) => offer.network === `eip155:${chain.id}`);
    const paying = registerExactEvmScheme(new x402Client(onNetwork), { signer: account });
    return v2.wrapFetchWithPayment(watched, paying)(url, request);
  },
  'x402-axios': async () => {
    const api = withPaymentInterceptor(axios.create(), wallet);
    api.interceptors.request.use((config) => (sent.push(config.headers.toJSON()), config));
    const config = { headers: request.headers };
    const answer = await api.post(url, body, config).catch((error) => error.response ?? Promise.reject(error));
    return new Response(JSON.stringify(answer.data), { status: answer.status, headers: answer.headers });
  },
};

const answer = await clients[client]();
const { headers: told, status } = answer;
const v1Receipt = told.get('x-payment-response');
const v2Receipt = told.get('payment-response');
const receipt =
  (v1Receipt && v1.decodeXPaymentResponse(v1Receipt)) ||
  (v2Receipt && v2.decodePaymentResponseHeader(v2Receipt)) ||
  null;
console.log(JSON.stringify({ status, body: await answer.json(), receipt, sent }));
