// Forms that call the JSON API.
//
// data-api     "METHOD /path", with {fields} of the form
// data-confirm a question to agree to first
// data-each    on boxes of one name: the values of those that are ticked, as a list
// data-list    on a field: words, as a list
// data-questions on a field of files: the questions of each, as evaluations
// data-which   on radio buttons, "all" or "these": whether the boxes of that name are a list, or say nothing
// data-same    on a field: the id of the one that must hold the same
// data-then    "reload", "#id" of a box that shows the reply, or a path with {fields} of the reply

import { call } from "./api.js";
import { confirmed, enliven } from "./dom.js";
import { evaluations } from "./questions.js";

for (const form of document.querySelectorAll("form[data-api]")) enliven(form, () => submit(form));

for (const field of document.querySelectorAll("[data-same]")) {
  const other = document.getElementById(field.dataset.same);
  const compare = () => field.setCustomValidity(field.value === other.value ? "" : "This is not the same.");
  for (const each of [field, other]) each.addEventListener("input", compare);
}

for (const box of document.querySelectorAll("[data-each]")) {
  const these = box.closest("fieldset")?.querySelector("[data-which][value=these]");
  if (these) box.addEventListener("change", () => { these.checked = true; });
}

async function submit(form) {
  const [method, pattern] = form.dataset.api.split(" ");
  const button = form.querySelector("button:not([type=button])");
  if (form.dataset.confirm && !(await confirmed(form.dataset.confirm, button.firstChild.textContent.trim()))) return;
  const problem = form.querySelector("[data-problem]");
  problem.hidden = true;
  button.disabled = true;
  try {
    const sent = await values(form);
    const path = pattern.replace(/\{(\w+)\}/g, (_, name) => {
      const value = encodeURIComponent(sent[name]);
      delete sent[name];
      return value;
    });
    follow(form, await call(method, path, method !== "DELETE" ? sent : undefined));
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  } finally {
    button.disabled = false;
  }
}

/** The fields that were filled in, as JSON values. */
async function values(form) {
  const found = {};
  const which = {};
  for (const field of form.elements) {
    if (!field.name || field.value === "") continue;
    if (field.type === "radio" && !field.checked) continue;
    if ("which" in field.dataset) {
      which[field.dataset.which] = field.value;
      continue;
    }
    if (field.type === "checkbox") {
      if (!field.checked) continue;
      if ("each" in field.dataset) (found[field.name] ??= []).push(field.value);
      else found[field.name] = true;
    } else if ("questions" in field.dataset) found[field.name] = await evaluations(field.files);
    else if ("list" in field.dataset) found[field.name] = field.value.split(/[\s,]+/).filter(Boolean);
    else if (field.type === "number") found[field.name] = Number(field.value);
    else if (field.type === "datetime-local") found[field.name] = new Date(field.value).toISOString();
    else found[field.name] = field.value;
    const also = field.selectedOptions?.[0]?.dataset.alsoMethod;
    if (also) found.method = also;
  }
  for (const [name, chosen] of Object.entries(which)) {
    if (chosen === "these") found[name] ??= [];
    else delete found[name];
  }
  return found;
}

function follow(form, reply) {
  const then = form.dataset.then;
  if (then === "reload") location.reload();
  else if (then.startsWith("#")) show(document.querySelector(then), reply, form);
  else location.assign(then.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(reply[name])));
}

function show(box, reply, form) {
  for (const field of box.querySelectorAll("[data-field]")) field.textContent = reply[field.dataset.field] ?? "";
  for (const part of box.querySelectorAll("[data-when]")) part.hidden = !reply[part.dataset.when];
  for (const part of box.querySelectorAll("[data-unless]")) part.hidden = Boolean(reply[part.dataset.unless]);
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
  form.reset();
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    const field = button.parentElement.querySelector(`[data-field="${button.dataset.copy}"]`);
    try {
      await navigator.clipboard.writeText(field.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(field);
    }
  });
}
