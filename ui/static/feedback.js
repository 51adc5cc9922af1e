// What a person says of an answer: thumbs, a correction; and copying it.

import { call } from "./api.js";

/** Brings the buttons of a turn to life; ``answer()`` gives the text as the model wrote it. */
export function enableFeedback(turn, answer) {
  const find = (selector) => turn.querySelector(selector);
  const said = find(".said");
  const form = find("form.edit");
  const edit = find("[data-act=edit]");
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
  const toggle = (open) => {
    form.hidden = !open;
    edit.setAttribute("aria-expanded", open);
    if (open) form.elements.text.focus();
  };
  edit.addEventListener("click", () => {
    if (form.hidden && !form.elements.text.value) form.elements.text.value = answer();
    toggle(form.hidden);
  });
  find("[data-act=cancel]").addEventListener("click", () => {
    toggle(false);
    edit.focus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = form.elements.text.value.trim();
    if (!text || !(await give({ kind: "edit", value: 1, text }, "Thank you, your correction is kept."))) return;
    toggle(false);
    const shown = [...turn.querySelectorAll(".correction")].at(-1);
    shown.hidden = false;
    shown.querySelector(".words").textContent = text;
  });
}

function showThumb(turn) {
  const value = turn.dataset.thumb;
  turn.querySelector("[data-act=up]").setAttribute("aria-pressed", value !== "" && Number(value) >= 0.5);
  turn.querySelector("[data-act=down]").setAttribute("aria-pressed", value !== "" && Number(value) < 0.5);
}
