// The steps of a run while it goes on: what the model thinks, which tools it calls, what they answer.

import { element } from "./dom.js";

export class Steps {
  constructor(place) {
    this.list = element("ol");
    this.summary = element("summary", {}, "Thinking …");
    this.box = element("details", { open: true }, this.summary, this.list);
    this.calls = new Map();
    this.count = 0;
    place.replaceChildren(this.box);
  }

  /** Words of the model that came before a tool call: thinking, not the answer. */
  think(text) {
    if (text.trim()) this.list.append(element("li", { class: "muted words" }, text.trim()));
  }

  start({ call_id, name, arguments: written }) {
    const item = element("li", {}, element("span", {}, `${name} `, element("code", {}, readable(written))));
    this.calls.set(call_id, item);
    this.list.append(item);
    this.count += 1;
    this.summary.textContent = `Using ${name} …`;
  }

  end({ call_id, name, result, is_error }) {
    const words = is_error ? `${name} failed` : `What ${name} gave back`;
    this.calls.get(call_id)?.append(
      element("details", { class: is_error ? "result failed" : "result" },
        element("summary", {}, words), element("div", { class: "words", tabindex: "0" }, result)));
    this.summary.textContent = "Reading …";
  }

  /** The run is over: the steps fold up, or go when there were none. */
  finish(words) {
    if (!this.list.childElementCount) {
      this.box.remove();
      return;
    }
    this.summary.textContent = words ?? (this.count === 1 ? "1 tool used" : `${this.count} tools used`);
    this.box.open = false;
  }
}

/** Arguments as "name: value" in place of JSON. */
function readable(written) {
  try {
    const value = JSON.parse(written);
    return Object.entries(value).map(([key, it]) => `${key}: ${typeof it === "object" ? JSON.stringify(it) : it}`).join(", ");
  } catch {
    return written;
  }
}
