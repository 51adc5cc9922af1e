// The chat: sends questions, shows the run as it happens, and brings earlier answers to life.

import { call, Problem, send } from "./api.js";
import { decideCalls } from "./approvals.js";
import { confirmed, element, enliven } from "./dom.js";
import { eventsOf } from "./events.js";
import { enableFeedback } from "./feedback.js";
import { openPassage } from "./passage.js";
import { showProse, sourceList } from "./prose.js";
import { Steps } from "./steps.js";

const main = document.getElementById("main");
const turns = document.getElementById("turns");
const composer = document.getElementById("composer");
const question = document.getElementById("question");
const sendButton = document.getElementById("send");
const agent = document.getElementById("agent");
const stopButton = document.getElementById("stop");
const status = document.getElementById("status");
const BROKEN = "The connection broke before the answer was complete.";
// How often a broken connection is taken up again, after half a second and then after twice as long each time.
const BREAKS = 5;
let running = null;

for (const turn of turns.querySelectorAll(".turn")) revive(turn);
main.scrollTop = main.scrollHeight;

function revive(turn) {
  const answer = turn.querySelector(".answer");
  const text = answer.textContent;
  const asked = turn.querySelector(".question").textContent;
  turn.querySelector("[data-act=retry]")?.addEventListener("click", () => ask(asked, turn.dataset.runId));
  if (text && turn.dataset.runId) settle(turn, text, JSON.parse(answer.dataset.citations));
  if (turn.dataset.status === "waiting") wait(turn);
}

/** A run that waited when the page was opened: what it waits for, then how it goes on. */
async function wait(turn) {
  const runId = turn.dataset.runId;
  try {
    const asked = await call("GET", `/api/runs/${runId}/approvals`);
    await decideCalls(turn, runId, asked.filter((each) => each.state === "pending"));
  } catch (error) {
    status.textContent = error.message;
    return;
  }
  turn.querySelector(".notice")?.remove();
  follow(new RunView(turn), () => send("GET", `/api/runs/${runId}/events`, undefined, { signal: running.signal }));
}

/** An answer that is complete: formatted, with its sources and buttons. */
function settle(turn, text, citations) {
  const answer = turn.querySelector(".answer");
  showProse(answer, text, citations, openPassage);
  const sources = sourceList(citations, openPassage);
  if (sources) answer.after(sources);
  enableFeedback(turn, () => text);
  const again = turn.querySelector("[data-act=again]");
  again.addEventListener("click", () => ask(turn.querySelector(".question").textContent, turn.dataset.runId));
}

enliven(composer, () => {
  const text = question.value.trim();
  if (!text || running) return;
  question.value = "";
  fit();
  ask(text);
});
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});
question.addEventListener("input", fit);
stopButton.addEventListener("click", stop);
for (const sample of document.querySelectorAll("[data-sample]")) {
  sample.addEventListener("click", () => ask(sample.textContent));
}

/** The run goes on without its listeners: it is stopped by name, then left. */
async function stop() {
  const controller = running;
  try {
    if (controller?.runId) await call("POST", `/api/runs/${controller.runId}/cancel`);
  } catch (error) {
    status.textContent = error.message;
  } finally {
    controller?.abort();
  }
}

function fit() {
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight + 2}px`;
}

/** Asks a question; ``before`` is the run whose answer is not wanted and whose place the new one takes. */
async function ask(text, before) {
  if (running) return;
  const turn = document.getElementById("turn").content.cloneNode(true).firstElementChild;
  document.getElementById("welcome")?.remove();
  turn.querySelector(".question").textContent = text;
  turns.append(turn);
  turn.scrollIntoView({ block: "start" });
  const body = { question: text, stream: true };
  if (main.dataset.conversation) body.conversation_id = main.dataset.conversation;
  if (main.dataset.conversation && before) body.in_place_of = before;
  if (agent) body.agent = agent.value;
  await follow(new RunView(turn, before), () => send("POST", "/api/runs", body, { signal: running.signal }));
}

/** Shows a run from the events of a response; where it waits for a person, they are asked, and it goes on. */
async function follow(run, request) {
  busy(new AbortController());
  try {
    let response = await request();
    for (let breaks = 0; ; breaks += 1) {
      const seen = run.seen;
      try {
        for await (const told of eventsOf(response)) run.take(told);
      } catch (error) {
        if (error.name === "AbortError") throw error;
      }
      if (run.over) break;
      if (run.seen !== seen) breaks = 0;
      if (run.waits.length) await Promise.race([run.decide(), aborted(running.signal)]);
      else if (breaks < BREAKS && run.turn.dataset.runId) await pause(2 ** breaks * 500, running.signal);
      else throw new Error(BROKEN);
      response = await rest(run);
    }
  } catch (error) {
    if (error.name === "AbortError") run.fail("Stopped.", true);
    else run.fail(error instanceof Problem ? error.message : BROKEN);
  } finally {
    busy(null);
    question.focus({ preventScroll: true });
  }
}

/** What a run has told since what was seen of it; it goes on at the server while a connection is broken. */
async function rest(run) {
  const path = `/api/runs/${run.turn.dataset.runId}/events?after=${run.seen}`;
  for (let breaks = 0; ; breaks += 1) {
    try {
      return await send("GET", path, undefined, { signal: running.signal });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      if (error.status === 404) throw new Error(BROKEN);
      if (error.status && error.status < 500 || breaks >= BREAKS) throw error;
      await pause(2 ** breaks * 500, running.signal);
    }
  }
}

function pause(milliseconds, signal) {
  return Promise.race([new Promise((resolve) => setTimeout(resolve, milliseconds)), aborted(signal)]);
}

function aborted(signal) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

function busy(controller) {
  running = controller;
  sendButton.hidden = Boolean(controller);
  stopButton.hidden = !controller;
}

/** One run on the page, fed with its events. */
class RunView {
  constructor(turn, before) {
    this.turn = turn;
    this.before = before;
    this.answer = turn.querySelector(".answer");
    this.steps = new Steps(turn.querySelector(".work"));
    this.text = "";
    this.citations = [];
    this.waits = [];
    this.seen = 0;
    this.over = false;
    this.drawing = 0;
    status.textContent = "Working on an answer.";
  }

  take({ id, event, data }) {
    if (id) this.seen = id;
    if (event === "run.waiting") this.waits = data.calls;
    if (event === "run.started") this.started(data);
    if (event === "text.delta") this.write(data.text);
    if (event === "tool.started") this.called(data);
    if (event === "tool.ended") {
      this.steps.end(data);
      this.citations.push(...data.citations);
    }
    if (event === "run.ended") this.ended(data);
    if (event === "error") this.fail(data.detail);
  }

  started({ run_id, conversation_id }) {
    this.turn.dataset.runId = run_id;
    if (running) running.runId = run_id;
    if (this.before) retried(this.before, run_id);
    if (main.dataset.conversation || !conversation_id) return;
    main.dataset.conversation = conversation_id;
    history.replaceState(null, "", `/conversations/${conversation_id}`);
    remember(conversation_id, this.turn.querySelector(".question").textContent);
  }

  /** Asks the person about the calls that wait. */
  async decide() {
    const calls = this.waits.map(({ id, function: { name, arguments: written } }) => ({ call_id: id, name, arguments: written }));
    this.waits = [];
    status.textContent = "The assistant waits for your decision.";
    await decideCalls(this.turn, this.turn.dataset.runId, calls);
    status.textContent = "Working on an answer.";
  }

  write(text) {
    this.text += text;
    this.drawing ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.drawing = 0;
    if (this.over) return;
    // What looks like the beginning of a tool call is not shown: it is no part of the answer.
    const shown = this.text.split("<tool_call")[0].replace(/<[a-z_]{0,9}$/, "");
    showProse(this.answer, shown, this.citations, openPassage);
  }

  called(data) {
    this.steps.think(this.text.split("<tool_call")[0]);
    this.text = "";
    this.answer.replaceChildren();
    this.steps.start(data);
  }

  ended(data) {
    if (data.status === "cancelled") {
      this.fail("Stopped.", true);
      return;
    }
    if (data.status !== "succeeded") {
      this.fail(data.error ?? "The run failed.");
      return;
    }
    this.close();
    settle(this.turn, data.answer, data.citations);
    status.textContent = "The answer is complete.";
  }

  fail(words, stopped = false) {
    if (this.over) return;
    const draft = this.text;
    this.turn.querySelector(".approvals")?.remove();
    this.close();
    if (draft) showProse(this.answer, draft, this.citations, openPassage);
    const asked = this.turn.querySelector(".question").textContent;
    // That a connection or a run failed says nothing of the answer.
    const before = stopped ? this.turn.dataset.runId : undefined;
    const again = element("button", { type: "button", onclick: () => ask(asked, before) }, stopped ? "Ask again" : "Try again");
    this.turn.append(element("p", { class: "notice", role: "alert" }, `${words} `, again));
    status.textContent = "";
  }

  close() {
    this.over = true;
    this.steps.finish();
    this.answer.setAttribute("aria-busy", "false");
  }
}

/** Says of a run that its answer was not wanted, and which run was asked in its place. */
async function retried(run, replacedBy) {
  try {
    await call("POST", `/api/runs/${run}/feedback`, { kind: "retry", replaced_by: replacedBy });
  } catch (error) {
    status.textContent = error.message;
  }
}

/** A conversation that has just begun joins the list, and the page is named by it, as when it is opened later. */
function remember(id, title) {
  const side = document.getElementById("conversations");
  side.querySelector("p")?.remove();
  const list = side.querySelector("ul") ?? side.appendChild(element("ul"));
  const item = document.getElementById("remembered").content.cloneNode(true);
  const link = item.querySelector("a");
  link.href = `/conversations/${id}`;
  link.textContent = item.querySelector("button .hidden span").textContent = short(title, 60);
  item.querySelector("button").dataset.delete = id;
  deletable(item.querySelector("button"));
  list.prepend(item);
  const heading = main.querySelector("h1");
  heading.textContent = short(title, 80);
  heading.classList.remove("hidden");
  document.title = `${short(title, 70)} · Whorl`;
}

/** The beginning of a text on one line, as the server writes it. */
function short(text, length) {
  const line = text.trim().split(/\s+/).join(" ");
  return line.length > length ? `${line.slice(0, length - 1).trimEnd()}…` : line;
}

for (const button of document.querySelectorAll("[data-delete]")) deletable(button);

function deletable(button) {
  button.addEventListener("click", async () => {
    if (!(await confirmed("Delete this conversation with its messages?", "Delete"))) return;
    try {
      await call("DELETE", `/api/conversations/${button.dataset.delete}`);
    } catch (error) {
      status.textContent = error.message;
      return;
    }
    if (main.dataset.conversation === button.dataset.delete) location.assign("/");
    else button.closest("li").remove();
  });
}

const show = document.getElementById("show-conversations");
show.addEventListener("click", () => {
  const open = document.getElementById("conversations").classList.toggle("open");
  show.setAttribute("aria-expanded", open);
});
