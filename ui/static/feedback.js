// What a person says of an answer: thumbs, a correction, stars, a comment; and copying it.

import { call } from "./api.js";

/** Brings the buttons of a turn to life; ``answer()`` gives the text as the model wrote it. */
export function enableFeedback(turn, answer) {
  const find = (selector) => turn.querySelector(selector);
  const said = find(".said");
  const run = turn.dataset.runId;
  find(".tools").hidden = false;
  showThumb(turn);
  const link = find("[data-run]");
  if (link) link.href = `/admin/runs/${run}`;

  const give = async (body, words) => {
    try {
      await call("POST", `/api/runs/${run}/feedback`, body);
      said.textContent = words;
      return true;
    } catch (error) {
      said.textContent = error.message;
      return false;
    }
  };
  for (const [act, value] of [["up", 1], ["down", 0]]) {
    find(`[data-act=${act}]`).addEventListener("click", async () => {
      if (!(await give({ kind: "thumb", value }, "Thank you, it is noted."))) return;
      turn.dataset.thumb = value;
      showThumb(turn);
    });
  }
  find("[data-act=copy]").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(answer());
      said.textContent = "Copied.";
    } catch {
      said.textContent = "The browser does not allow copying here.";
    }
  });
  enableForm(find("[data-act=edit]"), find("form.edit"), (fields) => (fields.text.value ||= answer()), async (fields) => {
    const text = fields.text.value.trim();
    if (!text || !(await give({ kind: "edit", value: 1, text }, "Thank you, your correction is kept."))) return false;
    const shown = [...turn.querySelectorAll(".correction")].at(-1);
    shown.hidden = false;
    shown.querySelector(".words").textContent = text;
    return true;
  });
  enableForm(find("[data-act=remark]"), find("form.remark"), () => {}, async (fields) => {
    const [stars, text] = [Number(fields.stars.value), fields.text.value.trim()];
    if (!stars && !text) {
      said.textContent = "Choose stars, or write a comment.";
      return false;
    }
    if (stars && !(await give({ kind: "score", stars }, "Thank you, it is noted."))) return false;
    fields.stars.value = "";
    if (text && !(await give({ kind: "comment", text }, "Thank you, it is noted."))) return false;
    fields.text.value = "";
    return true;
  });
}

/** A form that ``button`` opens and closes; ``fill`` and ``save`` are given its fields, ``save`` tells whether it is done. */
function enableForm(button, form, fill, save) {
  const toggle = (open) => {
    form.hidden = !open;
    button.setAttribute("aria-expanded", open);
    if (open) form.elements.text.focus();
  };
  button.addEventListener("click", () => {
    if (form.hidden) fill(form.elements);
    toggle(form.hidden);
  });
  form.querySelector("[data-act=cancel]").addEventListener("click", () => {
    toggle(false);
    button.focus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await save(form.elements)) toggle(false);
  });
}

function showThumb(turn) {
  const value = turn.dataset.thumb;
  turn.querySelector("[data-act=up]").setAttribute("aria-pressed", value !== "" && Number(value) >= 0.5);
  turn.querySelector("[data-act=down]").setAttribute("aria-pressed", value !== "" && Number(value) < 0.5);
}
