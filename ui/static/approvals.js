// Tool calls that wait for a person: allowed, allowed with other arguments, or denied.

import { call } from "./api.js";
import { element } from "./dom.js";

/** Shows calls ({call_id, name, arguments}) of a run below `turn`; resolves once each is decided. */
export function decideCalls(turn, runId, calls) {
  const box = element("section", { class: "box approvals", "aria-label": "Calls that wait for you" });
  turn.append(box);
  return Promise.all(calls.map((each) => decide(box, runId, each))).then(() => box.remove());
}

function decide(box, runId, { call_id, name, arguments: written }) {
  return new Promise((resolve) => {
    const edited = element("textarea", { rows: "3", spellcheck: "false" }, pretty(written));
    const note = element("input", { maxlength: "2000", autocomplete: "off" });
    const problem = element("p", { class: "problem", role: "alert", hidden: true });
    const item = element("div", { class: "stack" },
      element("p", {}, "The assistant wants to use ", element("strong", {}, name), "."),
      element("label", {}, "Arguments", edited),
      element("label", {}, "Why not (told to the assistant)", note),
      problem);
    const say = async (button, decision) => {
      problem.hidden = true;
      for (const each of item.querySelectorAll("button")) each.disabled = true;
      try {
        await call("POST", `/api/runs/${runId}/approvals/${encodeURIComponent(call_id)}`, decision());
        item.remove();
        resolve();
      } catch (error) {
        if (error.status === 409) {  // Somebody else has decided, or the run is over: what came of it is told.
          item.remove();
          resolve();
          return;
        }
        problem.textContent = error.message;
        problem.hidden = false;
        for (const each of item.querySelectorAll("button")) each.disabled = false;
        button.focus();
      }
    };
    const allow = () => {
      if (edited.value.trim() === pretty(written).trim()) return { verdict: "approve" };
      return { verdict: "edit", arguments: JSON.parse(edited.value) };
    };
    item.append(element("div", { class: "row" },
      element("button", { type: "button", class: "primary", onclick: (event) => say(event.target, allow) }, "Allow"),
      element("button", { type: "button", onclick: (event) => say(event.target, () => ({ verdict: "deny", note: note.value.trim() })) }, "Deny")));
    box.append(item);
  });
}

function pretty(written) {
  try {
    return JSON.stringify(JSON.parse(written), null, 1);
  } catch {
    return written;
  }
}
