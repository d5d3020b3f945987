const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const base = location.pathname.replace(/\/chat\/?$/, "");
const NAME = `sortie${base}/chat`; // of what this page keeps: stages of one host differ by their path
const HUES = 6;
const MAX_CHATS = 100;
const MAX_CONTENT = 50_000; // of the API
const MAX_SENT = 40; // messages of a chat; the agent receives the last 20, with 100,000 characters
const MAX_SENT_CHARACTERS = 150_000;
const MAX_TRIES = 6; // in a row without an event, before the page stops connecting
const SILENCE_MS = 20_000; // an open stream has a comment every 5 s
const STOP_MS = 5000; // a stream ends 2 s after its job is cancelled
const SAVE_MS = 1000;

// ── Elements ─────────────────────────────────────────────────────────────────

/** Create an element. Text of agents and users enters the page only as text. */
function element(tag, properties = {}, ...children) {
  return build(tag, properties, children);
}

function build(tag, properties, children) {
  const made = document.createElement(tag);
  for (const child of children) made.append(child);
  return Object.assign(made, properties); // last: `dir` would look at all children for each of them
}

/** Write only changed text: a live region would announce the same text again. */
function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Update a list in place: existing rows stay, so that the keyboard keeps its focus. */
function updateList(list, items, make, update) {
  const wanted = new Set(items.map(({ id }) => id));
  const there = new Map([...list.children].map((row) => [row.dataset.id, row]));
  there.forEach((row, id) => wanted.has(id) || row.remove());
  items.forEach((item, place) => {
    const row = there.get(item.id) ?? make(item);
    row.dataset.id = item.id;
    update(row, item);
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  });
}

function arrow(hue) {
  const svg = document.querySelector("h1 svg").cloneNode(true);
  svg.setAttribute("class", "arrow");
  if (hue) svg.dataset.hue = hue;
  return svg;
}

const announce = (text) => write($("announcer"), text);

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs https
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

async function copyText(text, button) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyBySelection(text); // without https
    announce("Copied");
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not copied: select the text";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}

function copyBySelection(text) {
  const area = element("textarea", { value: text, className: "unseen" });
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (!isCopied) throw new Error("not copied");
}

function confirmed(title, text, action) {
  const dialog = $("confirm");
  write(dialog.querySelector("h2"), title);
  write(dialog.querySelector("p"), text);
  write(dialog.querySelector(".strong"), action);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
  });
}

// ── What this browser keeps ──────────────────────────────────────────────────

/** The key and the chats: in this tab, or in this browser if the visitor wants that. */
const places = { tab: openPlace("sessionStorage"), browser: openPlace("localStorage") };
let place = namesIn(places.browser).length ? places.browser : places.tab;

function openPlace(name) {
  try {
    window[name].getItem(NAME);
    return window[name];
  } catch { // the browser forbids it
    const map = new Map();
    return {
      getItem: (key) => map.get(key) ?? null,
      setItem: (key, value) => map.set(key, value),
      removeItem: (key) => map.delete(key),
      key: (number) => [...map.keys()][number] ?? null,
      get length() {
        return map.size;
      },
    };
  }
}

const recall = (name) => place.getItem(`${NAME}/${name}`);

function remember(name, value) {
  for (;;) {
    try {
      place.setItem(`${NAME}/${name}`, value);
      return;
    } catch { // full: the oldest chat goes
      const oldest = sortChats().findLast((each) => each !== chat && !works.has(each.id));
      if (!oldest) return;
      forgetChat(oldest);
    }
  }
}

function namesIn(where) {
  const names = Array.from({ length: where.length }, (_, number) => where.key(number));
  return names.filter((name) => name.startsWith(`${NAME}/`));
}

function forgetAll() {
  for (const where of Object.values(places)) namesIn(where).forEach((name) => where.removeItem(name));
}

function keepIn(where) {
  if (where === place) return;
  for (const name of namesIn(place)) {
    where.setItem(name, place.getItem(name));
    place.removeItem(name);
  }
  place = where;
}

// ── API ──────────────────────────────────────────────────────────────────────

/** `problem` says what happened and what to do; `retryAfter` is in seconds. */
class ApiError extends Error {
  constructor(status, { what, advice, code = "", retryAfter = 0 }) {
    super(advice);
    Object.assign(this, { status, what, advice, code, retryAfter });
  }
}

const ADVICE = {
  401: ["The server does not know this key", "Check that it is complete and was not revoked, or ask for a new one. Keys of the messaging API begin with sortie_."],
  CHATS_ARE_CLOSED: ["This server takes payments for messages", "This page cannot pay. Use a client that knows x402."],
  413: ["The message is too long", "Shorten it, or start a new chat."],
  429: ["Too many messages", "Your organisation has reached its limit."],
  501: ["This server does not serve chats", "Ask the people who run it."],
  503: ["The server is busy", "Your message is still here. Try again in a moment."],
  NO_AGENTS: ["There are no agents yet", "Register one, then reload this page."],
  JOB_NOT_FOUND: ["The answer is not stored any more", "Ask again."],
  AGENT_NOT_FOUND: ["This agent is not available any more", "Choose another one below, then try again."],
};

async function errorOf(response) {
  const payload = await response.json().catch(() => ({}));
  const said = typeof payload.error === "string" ? payload.error : payload.message;
  const { status } = response;
  const retryAfter = Number.parseInt(response.headers.get("Retry-After"), 10) || 0;
  const fallback = status >= 500
    ? ["The server has failed", "Try again in a moment. If it lasts, tell the people who run it."]
    : [`The server refused this: ${said ?? status}`, "Change it, then try again."];
  const [what, advice] = ADVICE[payload.code] ?? ADVICE[status] ?? fallback;
  return new ApiError(status, { what, advice, code: payload.code, retryAfter });
}

async function request(method, path, { body, headers, signal } = {}) {
  let response;
  try {
    response = await fetch(location.origin + base + path, {
      method,
      signal,
      headers: { "X-API-Key": key, ...(body && { "Content-Type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, {
      what: "The server cannot be reached", advice: "Check your connection, then try again.",
    });
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** Yield a stream's events: `{ id, chunk }`. Ends where the connection ends; throws if it is lost. */
async function* readEvents(response, work) {
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const silence = setTimeout(() => reader.cancel().catch(() => {}), SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    const frames = (rest + value).split("\n\n");
    rest = frames.pop();
    for (const frame of frames) {
      const fields = frame.split("\n").map((line) => line.split(/: ?(.*)/s));
      const field = (name) => fields.find(([each]) => each === name)?.[1];
      const data = field("data");
      if (data && !work.isOver) yield { id: field("id"), chunk: data === "[DONE]" ? { type: "done" } : JSON.parse(data) };
    }
  }
}

// ── Session ──────────────────────────────────────────────────────────────────

let key = recall("key") ?? "";
let agents = [];

async function signIn(form) {
  const wanted = form.elements.key.value.trim();
  if (!/^[\x21-\x7e]+$/.test(wanted)) {
    showSignInProblem({ what: "This is no key", advice: "Keys have letters, digits, _ and - only." });
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  write($("sign-in-problem"), "");
  key = wanted;
  try {
    await loadAgents();
  } catch (error) {
    key = "";
    showSignInProblem(error);
    return;
  } finally {
    button.disabled = false;
  }
  keepIn(form.elements.keep.checked ? places.browser : places.tab);
  form.reset();
  begin();
}

function showSignInProblem(error) {
  const wait = error.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
  write($("sign-in-problem"), `${error.what}. ${error.advice}${wait}`);
  $("sign-in").elements.key.focus();
}

async function loadAgents() {
  const listed = await (await request("GET", "/api/agents")).json().catch(() => null);
  if (!Array.isArray(listed?.data?.agents)) {
    throw new ApiError(0, { what: "This is not the server's answer", advice: "Check the address, and what is between you and the server." });
  }
  agents = listed.data.agents.map((agent, number) => ({ ...agent, hue: (number % HUES) + 1 }));
}

/** Show the chats; the key has opened the API. */
function begin() {
  for (const work of works.values()) {
    saveChat(work.asked);
    work.end(); // resumed below
  }
  remember("key", key);
  if (!recall("user")) remember("user", newId());
  setMode("signed-in");
  loadChats();
  $("keep").checked = place === places.browser;
  showKept();
  showAgents();
  $("text").value = recall("draft") ?? "";
  openChat(chats.get(recall("open")) ?? null);
  for (const each of chats.values()) resume(each);
}

/** Ask for a key, without forgetting the chats. */
function askForKey(error) {
  key = "";
  place.removeItem(`${NAME}/key`);
  setMode("signed-out");
  $("sign-in").elements.keep.checked = place === places.browser;
  showSignInProblem(error);
}

async function signOut() {
  const count = chats.size === 1 ? "Your chat" : `Your ${chats.size} chats`;
  if (chats.size && !await confirmed("Sign out?", `${count} will be deleted: only this browser has them.`, "Sign out")) return;
  for (const work of works.values()) work.end();
  chats.clear();
  forgetAll();
  place = places.tab;
  key = "";
  chat = null;
  agents = [];
  $("text").value = "";
  $("chats").replaceChildren();
  $("messages").replaceChildren();
  setMode("signed-out");
  write($("sign-in-problem"), "");
  $("sign-in").elements.key.focus();
}

function setMode(mode) {
  root.dataset.mode = mode;
  $("sign-out").hidden = mode !== "signed-in";
  showPanel(false);
}

function showPanel(isOpen) {
  root.dataset.panel = isOpen ? "open" : "";
  $("panel").ariaExpanded = String(isOpen);
  write($("panel"), isOpen ? "Close" : "Chats");
}

function showKept() {
  write($("kept"), $("keep").checked
    ? "They stay until you sign out. Only this browser has them."
    : "They are gone when you close this tab. Only this browser has them.");
}

// ── Chats ────────────────────────────────────────────────────────────────────

const chats = new Map(); // by id: { id, title, at, agentId, messages }
let chat = null; // the one on view, or null for a new one

const sortChats = () => [...chats.values()].sort((a, b) => b.at - a.at);

function loadChats() {
  chats.clear();
  for (const name of namesIn(place)) {
    if (!name.startsWith(`${NAME}/chats/`)) continue;
    try {
      const read = JSON.parse(place.getItem(name));
      chats.set(read.id, read);
    } catch {
      place.removeItem(name);
    }
  }
}

function saveChat(each) {
  if (chats.has(each.id)) remember(`chats/${each.id}`, JSON.stringify(each));
}

function forgetChat(each) {
  works.get(each.id)?.end();
  chats.delete(each.id);
  place.removeItem(`${NAME}/chats/${each.id}`);
}

function openChat(opened) {
  if (edited) $("text").value = "";
  edit(null);
  chat = opened;
  remember("open", opened?.id ?? "");
  $("messages").replaceChildren();
  write($("composer-problem"), "");
  if (agentOf(opened?.agentId)?.status === "active") $("agent").value = opened.agentId;
  showChosen();
  showPanel(false);
  show();
  scrollToEnd();
}

function addChat(text) {
  const title = text.trim().split("\n")[0].slice(0, 80);
  chat = { id: newId(), title, at: Date.now(), agentId: $("agent").value, messages: [] };
  chats.set(chat.id, chat);
  sortChats().slice(MAX_CHATS).forEach(forgetChat);
  remember("open", chat.id);
}

async function deleteChat() {
  const deleted = chat;
  if (!await confirmed("Delete this chat?", "Only this browser has it: nobody can bring it back.", "Delete")) return;
  if (works.has(deleted.id)) cancelJob(works.get(deleted.id)).catch(() => {});
  forgetChat(deleted);
  openChat(null);
  $("text").focus();
}

const agentOf = (id) => agents.find((each) => each.id === id);

// ── Asking ───────────────────────────────────────────────────────────────────

/** Answers that are on their way, by chat. */
const works = new Map();

/** Follows one answer: `jobId` and `position` tell where, `isStopping` that the user wants no more. */
class Work {
  position = null;
  tries = 0;
  isStopping = false;
  isOver = false;
  connection = new AbortController();

  constructor(asked, answer) {
    Object.assign(this, { asked, answer });
  }

  end() {
    this.isOver = true;
    this.connection.abort();
    works.delete(this.asked.id);
  }
}

function send(text) {
  if (!chat) addChat(text);
  if (edited) chat.messages.splice(chat.messages.indexOf(edited));
  edit(null);
  chat.messages.push({ id: newId(), role: "user", text, at: Date.now() });
  ask(chat, "submit-message");
}

/** Ask for an answer to a chat's last message of the user. */
function ask(asked, trigger) {
  const agent = agentOf($("agent").value) ?? agents[0];
  asked.agentId = agent?.id;
  asked.at = Date.now();
  const answer = {
    id: newId(), role: "assistant", text: "", state: "waiting", trigger,
    agentId: agent?.id, agentName: agent?.name ?? "Agent", at: Date.now(),
  };
  asked.messages.push(answer);
  announce(`${answer.agentName} is answering`);
  follow(new Work(asked, answer), post);
}

/** Ask again for an answer that is there, that failed or that was stopped. */
function askAgain(asked, answer) {
  if (answer.isCut) {
    follow(new Work(asked, answer), rejoin);
    return;
  }
  const isSameRequest = !answer.jobId && answer.trigger === "submit-message" && answer.agentId === $("agent").value;
  asked.messages.splice(asked.messages.indexOf(answer));
  // A submit that was received, unknown to this page, joins its job: its message is its idempotency key.
  ask(asked, isSameRequest ? "submit-message" : "regenerate-message");
}

/** Follow an answer that was on its way when the page was left. */
function resume(asked) {
  const answer = asked.messages.at(-1);
  if (answer?.role !== "assistant" || answer.state !== "waiting" || works.has(asked.id)) return;
  follow(new Work(asked, answer), rejoin);
}

function post({ asked, answer, connection: { signal } }) {
  const before = asked.messages.slice(0, asked.messages.indexOf(answer)).filter(({ text }) => text.trim());
  const messages = lastOf(before).map(({ id, role, text }) => ({ id, role, parts: [{ type: "text", text }] }));
  const body = {
    id: asked.id, trigger: answer.trigger, messages, userId: recall("user"),
    ...(answer.agentId && { agentId: answer.agentId }),
  };
  return request("POST", "/api/messaging/chat", { body, signal, headers: { Accept: "text/event-stream" } });
}

/** Return the newest messages, as many as the agent can receive. */
function lastOf(messages) {
  let left = MAX_SENT_CHARACTERS;
  const first = messages.findLastIndex(({ text }, number) => {
    left -= text.length;
    return left < 0 && number < messages.length - 1;
  });
  return messages.slice(first + 1).slice(-MAX_SENT);
}

/** Join the answer again: the chat's running one, or what its job has said by now. */
async function rejoin(work) {
  const { asked, answer, connection: { signal } } = work;
  const running = await request("GET", `/api/messaging/chat/${encodeURIComponent(asked.id)}/stream`, { signal });
  const isIt = running.status !== 204 && (!answer.jobId || running.headers.get("X-Job-Id") === answer.jobId);
  if (isIt) return running;
  if (answer.jobId) return request("GET", `/api/messaging/jobs/${answer.jobId}/stream`, { signal });
  if (answer.trigger === "submit-message") return post(work);
  throw new ApiError(0, { what: "The answer was interrupted", advice: "Ask again." });
}

/** Join the stream where it was cut; nothing is lost, and nothing comes twice. */
function continueFrom({ answer, position, connection: { signal } }) {
  const path = `/api/messaging/jobs/${answer.jobId}/stream`;
  return request("GET", path, { signal, headers: { "Last-Event-ID": position } });
}

/** Read an answer to its end, over as many connections as that takes. */
async function follow(work, open) {
  const { asked, answer } = work;
  works.set(asked.id, work);
  Object.assign(answer, { state: "waiting", problem: null, isCut: false });
  saveChat(asked);
  show();
  while (!work.isOver) {
    try {
      const response = await open(work);
      setJob(work, response.headers.get("X-Job-Id"));
      if (response.status === 204) work.position = null; // nothing follows it
      for await (const event of readEvents(response, work)) take(work, event);
    } catch (error) {
      if (work.isOver) break;
      if (error instanceof ApiError && !mayPass(error, work)) {
        fail(work, error);
        break;
      }
    }
    if (work.isOver) break;
    work.tries += 1;
    if (work.tries > MAX_TRIES) {
      answer.isCut = true;
      fail(work, LOST);
      break;
    }
    open = work.position && answer.jobId ? continueFrom : rejoin;
    await pause(work);
  }
  works.delete(asked.id);
  setLink();
}

const LOST = {
  what: "The connection was lost",
  advice: "The agent may still be answering. Check your connection, then try again.",
};

/** Whether an error may pass while an answer is on its way. Before that, the user decides. */
function mayPass({ status }, work) {
  if (!work.answer.jobId) return false;
  if (status === 400 && work.position) {
    work.position = null; // the stream does not know it: read from the start
    return true;
  }
  return status === 0 || status === 429 || status >= 500;
}

function setJob(work, jobId) {
  if (!jobId || work.answer.jobId === jobId) return;
  work.answer.jobId = jobId;
  saveChat(work.asked);
  if (work.isStopping) cancelJob(work).catch(() => {});
}

/** Take one event of an answer's stream. */
function take(work, { id, chunk }) {
  const { asked, answer } = work;
  work.tries = 0;
  if (id) work.position = id;
  setLink();
  switch (chunk.type) {
    case "start":
      answer.text = "";
      setJob(work, chunk.messageMetadata?.jobId);
      break;
    case "text-start":
      if (answer.text) answer.text += "\n\n"; // another part of the same answer
      break;
    case "text-delta":
      answer.text += chunk.delta;
      break;
    case "data-restarted":
      Object.assign(answer, { text: "", note: "The agent was interrupted and has started again." });
      break;
    case "error":
      answer.problem = { what: chunk.errorText };
      break;
    case "finish":
      if (chunk.messageMetadata?.finishReason === "length") answer.note = "The answer reached the model's limit and was cut off.";
      finish(work);
      return;
    case "done":
      finish(work);
      return;
    default:
      return;
  }
  saveLater(asked);
  showSoon();
}

function finish(work) {
  const { asked, answer } = work;
  const isCancelled = work.isStopping || answer.problem?.what === "Job cancelled";
  if (answer.problem && !isCancelled) {
    answer.state = "failed";
    answer.problem = { what: `${answer.agentName} could not answer: ${answer.problem.what}`, advice: "Try again, or choose another agent." };
  } else {
    Object.assign(answer, { state: work.isStopping || answer.problem ? "stopped" : "done", problem: null });
  }
  end(work);
}

function fail(work, error) {
  const { what, advice, status, retryAfter } = error;
  const until = retryAfter ? Date.now() + retryAfter * 1000 : 0;
  Object.assign(work.answer, { state: "failed", problem: { what, advice, until } });
  end(work);
  if (status === 401) askForKey(error);
}

function end(work) {
  const { asked, answer } = work;
  work.end();
  asked.at = Date.now();
  saveChat(asked);
  show();
  const said = answer.problem ? `${answer.problem.what}. ${answer.problem.advice ?? ""}` : answer.text;
  if (asked === chat) announce(answer.state === "stopped" ? "Stopped" : `${answer.agentName}: ${said.slice(0, 2000)}`);
}

/** Stop an answer. What the agent has said stays. */
async function stop(work) {
  if (work.isStopping) return;
  work.isStopping = true;
  show();
  setTimeout(() => {
    if (!work.isOver) finish(work);
  }, STOP_MS);
  try {
    await cancelJob(work);
  } catch (error) {
    if (work.isOver) return;
    write($("composer-problem"), `${error.what}. The agent may still be working.`);
  }
}

async function cancelJob({ answer }) {
  if (!answer.jobId) return; // cancelled as soon as its id is known
  try {
    await request("POST", `/api/messaging/jobs/${answer.jobId}/cancel`);
  } catch (error) {
    if (error.status !== 409) throw error; // 409: it has ended
  }
}

/** Wait before the next connection; a network that comes back ends the wait. */
function pause(work) {
  setLink("Connection lost, connecting again");
  const delay = Math.min(500 * 2 ** (work.tries - 1), 8000);
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delay);
    for (const [target, event] of [[window, "online"], [work.connection.signal, "abort"]]) {
      target.addEventListener(event, () => {
        clearTimeout(timer);
        resolve();
      }, { once: true });
    }
  });
}

function setLink(text = "") {
  $("link").dataset.link = "waiting";
  write($("link"), text);
}

const waitingSaves = new Map();

function saveLater(asked) {
  if (waitingSaves.has(asked.id)) return;
  waitingSaves.set(asked.id, setTimeout(() => {
    waitingSaves.delete(asked.id);
    saveChat(asked);
  }, SAVE_MS));
}

// ── Showing ──────────────────────────────────────────────────────────────────

let frame = 0;

function showSoon() {
  frame ||= requestAnimationFrame(show);
}

function show() {
  cancelAnimationFrame(frame);
  frame = 0;
  if (root.dataset.mode !== "signed-in") return;
  const wasAtEnd = isAtEnd();
  const messages = chat?.messages ?? [];
  write($("title"), chat?.title ?? "New chat");
  document.title = chat ? `${chat.title} · Sortie` : "Chat · Sortie";
  $("delete").hidden = !chat;
  $("start").hidden = messages.length > 0;
  updateList($("messages"), messages, makeMessage, updateMessage);
  updateList($("chats"), sortChats(), makeChat, updateChat);
  $("no-chats").hidden = chats.size > 0;
  const work = works.get(chat?.id);
  $("send").hidden = Boolean(work);
  $("stop").hidden = !work;
  $("stop").disabled = Boolean(work?.isStopping);
  showSendable();
  if (wasAtEnd) scrollToEnd();
  showNewest();
}

function makeChat(item) {
  const button = element("button", { type: "button" }, element("span", { className: "name" }), element("small"), element("span", { className: "more soft" }));
  button.onclick = () => {
    openChat(chats.get(item.id));
    $("title").focus();
  };
  return element("li", {}, button);
}

function updateChat(row, item) {
  const [button] = row.children;
  const last = item.messages.at(-1);
  button.ariaCurrent = String(item === chat);
  write(button.children[0], item.title);
  write(button.children[1], when(item.at));
  write(button.children[2], works.has(item.id) ? `${last?.agentName} is answering…` : last?.agentName ?? "");
}

function when(at) {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return new Date(at).toLocaleString([], isToday ? { timeStyle: "short" } : { day: "numeric", month: "short" });
}

function makeMessage(message) {
  if (message.role === "user") {
    const change = element("button", { type: "button", className: "plain edit" }, "Edit");
    change.onclick = () => {
      $("text").value = message.text;
      edit(message);
      growText();
      $("text").focus();
    };
    return element("li", {}, element("span", { className: "unseen" }, "You: "), element("div", { className: "bubble", dir: "auto" }), change);
  }
  const from = element("div", { className: "from" }, arrow(agentOf(message.agentId)?.hue), element("span"), element("small", { className: "soft" }));
  return element("li", {}, from, element("div", { className: "body" }), element("div", { className: "foot" }));
}

function updateMessage(row, message) {
  if (message.role === "user") {
    write(row.querySelector(".bubble"), message.text);
    row.lastChild.hidden = works.has(chat.id) || message !== chat.messages.findLast(({ role }) => role === "user");
    return;
  }
  const [from, body, foot] = row.children;
  const isWaiting = message.state === "waiting";
  const work = works.get(chat.id);
  row.className = isWaiting ? "is-waiting" : "";
  row.ariaBusy = String(isWaiting);
  write(from.children[1], message.agentName);
  const states = { waiting: work?.isStopping ? "stopping" : message.text ? "answering" : "thinking", stopped: "stopped" };
  write(from.children[2], states[message.state] ?? "");
  if (body.text !== message.text) {
    body.text = message.text;
    showMarkdown(body, message.text);
  }
  updateFoot(foot, message, isWaiting);
}

function updateFoot(foot, message, isWaiting) {
  const isLast = chat.messages.at(-1) === message;
  const state = JSON.stringify([message.state, message.note, message.problem, isLast, Boolean(message.text)]);
  if (foot.dataset.state === state) return;
  foot.dataset.state = state;
  const hadFocus = foot.contains(document.activeElement);
  const parts = [];
  if (message.note) parts.push(element("p", { className: "note" }, message.note));
  if (message.problem && !isWaiting) {
    parts.push(element("p", { className: "problem" }, element("strong", {}, `${message.problem.what}.`), ` ${message.problem.advice ?? ""}`));
  }
  if (!isWaiting && message.text) parts.push(makeAction("Copy", (button) => copyText(message.text, button)));
  if (!isWaiting && isLast) {
    const again = makeAction(message.state === "done" ? "Answer again" : "Try again", () => askAgain(chat, message));
    if (message.state !== "done") again.className = "";
    if (message.problem?.until > Date.now()) countDown(again, message.problem.until);
    parts.push(again);
  }
  foot.replaceChildren(...parts);
  if (hadFocus) $("text").focus();
}

function makeAction(text, act) {
  const button = element("button", { type: "button", className: "plain" }, text);
  button.onclick = () => act(button);
  return button;
}

/** Disable a button until a time, and tell how long. */
function countDown(button, until) {
  const seconds = Math.ceil((until - Date.now()) / 1000);
  button.disabled = seconds > 0;
  write(button, seconds > 0 ? `Try again in ${seconds} s` : "Try again");
  if (seconds > 0) setTimeout(() => button.isConnected && countDown(button, until), 1000);
}

function showAgents() {
  const active = agents.filter(({ status }) => status === "active");
  showAgentsProblem(agents.length ? "" : ADVICE.NO_AGENTS.join(". "));
  document.querySelector("#start h3").hidden = active.length === 0;
  $("agent").hidden = agents.length === 0;
  $("agent").replaceChildren(...agents.map(({ id, name, status }) =>
    element("option", { value: id, disabled: status !== "active" }, status === "active" ? name : `${name} (not active)`)));
  $("agent").value = (active.find(({ id }) => id === recall("agent")) ?? active[0])?.id ?? "";
  updateList($("agents"), active, makeAgent, updateAgent);
}

function showAgentsProblem(text) {
  $("agents-problem").hidden = !text;
  write($("agents-problem").firstElementChild, text);
}

function makeAgent({ id, hue }) {
  const button = element("button", { type: "button" }, arrow(), element("span", { className: "name" }), element("span", { className: "soft" }));
  button.dataset.hue = hue;
  button.onclick = () => {
    $("agent").value = id;
    chooseAgent();
    $("text").focus();
  };
  return element("li", {}, button);
}

function updateAgent(row, { name, bio }) {
  const [button] = row.children;
  write(button.children[1], name);
  write(button.children[2], bio);
}

function chooseAgent() {
  remember("agent", $("agent").value);
  showChosen();
}

function showChosen() {
  for (const row of $("agents").children) row.firstChild.ariaPressed = String(row.dataset.id === $("agent").value);
  showSendable();
}

// ── Scrolling ────────────────────────────────────────────────────────────────

const isAtEnd = () => $("scroll").scrollHeight - $("scroll").scrollTop - $("scroll").clientHeight < 60;

function scrollToEnd() {
  $("scroll").scrollTop = $("scroll").scrollHeight;
}

function showNewest() {
  $("newest").hidden = !chat || isAtEnd();
}

// ── Composer ─────────────────────────────────────────────────────────────────

let edited = null; // the message that the composer changes

function edit(message) {
  edited = message;
  $("editing").hidden = !message;
  showSendable();
}

function showSendable() {
  $("send").disabled = !$("text").value.trim() || !$("agent").value;
}

function growText() {
  if (CSS.supports("field-sizing", "content")) return;
  $("text").rows = Math.min($("text").value.split("\n").length, 10);
}

$("composer").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (!text.trim() || !$("agent").value || works.has(chat?.id)) return;
  if (text.length > MAX_CONTENT) {
    write($("composer-problem"), `Your message has ${text.length.toLocaleString()} characters, ${MAX_CONTENT.toLocaleString()} are possible. Shorten it.`);
    return;
  }
  write($("composer-problem"), "");
  $("text").value = "";
  remember("draft", "");
  growText();
  send(text);
  scrollToEnd();
  $("text").focus();
};

$("text").onkeydown = (event) => {
  const isTouch = matchMedia("(pointer: coarse)").matches; // its Enter makes a new line
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !isTouch) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
};
$("text").oninput = () => {
  write($("composer-problem"), "");
  remember("draft", $("text").value);
  growText();
  showSendable();
};
addEventListener("keydown", (event) => {
  const work = works.get(chat?.id);
  if (event.key === "Escape" && work && !$("confirm").open) stop(work);
});

$("agent").onchange = chooseAgent;
$("stop").onclick = () => {
  const work = works.get(chat?.id);
  if (work) stop(work);
  $("text").focus();
};
$("editing").querySelector("button").onclick = () => {
  $("text").value = "";
  edit(null);
  $("text").focus();
};
$("new").onclick = () => {
  openChat(null);
  $("text").focus();
};
$("delete").onclick = deleteChat;
$("panel").onclick = () => showPanel($("panel").ariaExpanded !== "true");
$("sign-out").onclick = signOut;
$("newest").onclick = scrollToEnd;
$("scroll").addEventListener("scroll", showNewest, { passive: true });
$("sign-in").onsubmit = (event) => {
  event.preventDefault();
  signIn(event.target);
};
$("keep").onchange = () => {
  keepIn($("keep").checked ? places.browser : places.tab);
  showKept();
};
$("agents-problem").querySelector("button").onclick = start;
addEventListener("pagehide", () => works.forEach(({ asked }) => saveChat(asked)));
addEventListener("storage", ({ key: name, newValue }) => { // another tab of this browser
  const id = name?.startsWith(`${NAME}/chats/`) && name.split("/").at(-1);
  if (!id || place !== places.browser || works.has(id)) return;
  if (newValue === null) chats.delete(id);
  else chats.set(id, JSON.parse(newValue));
  if (chat?.id === id) chat = chats.get(id) ?? null;
  show();
});

// ── Start ────────────────────────────────────────────────────────────────────

/** Take the key of a link, such as /chat#key=…, and remove it from the address at once. */
function takeLinkedKey() {
  const linked = new URLSearchParams(location.hash.slice(1)).get("key");
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  return linked?.trim() ?? "";
}

/** Open with the key that this browser has, or that a link brought. */
async function start() {
  const linked = takeLinkedKey();
  const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
  if (linked && linked !== key && !isLocal) { // a link of a stranger must not choose the key
    setMode("signed-out");
    $("sign-in").elements.key.value = linked;
    write($("sign-in-problem"), "Your link brought a key. Press Start if you trust the link.");
    return;
  }
  key = linked || key;
  if (!key) {
    setMode("signed-out");
    $("sign-in").elements.key.focus();
    return;
  }
  try {
    await loadAgents();
  } catch (error) {
    if (error.status === 401) askForKey(error);
    else showUnreachable(error);
    return;
  }
  begin();
}

/** Show the chats without agents, and a button to try again. */
function showUnreachable(error) {
  setMode("signed-in");
  loadChats();
  openChat(chats.get(recall("open")) ?? null);
  showAgentsProblem(`${error.what}. ${error.advice}`);
}

addEventListener("hashchange", start);
start();
