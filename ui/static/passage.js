// The cited passage in its document, in a panel at the side.

import { call } from "./api.js";
import { element } from "./dom.js";

const panel = document.getElementById("passage");
const title = panel.querySelector("h2");
const note = panel.querySelector("[data-note]");
const body = panel.querySelector(".document");
// Characters shown before and after the passage: a whole book would make the panel slow.
const AROUND = 20_000;

panel.querySelector("[data-close]").addEventListener("click", () => panel.close());
panel.addEventListener("click", (event) => {
  if (event.target === panel) panel.close();
});

export async function openPassage(citation) {
  title.textContent = citation.title || "Untitled";
  note.textContent = "Loading …";
  body.replaceChildren();
  panel.showModal();
  try {
    const found = await call("GET", `/api/documents/${encodeURIComponent(citation.document_id)}`);
    show(found, citation);
  } catch (error) {
    note.textContent = error.status === 404 ? "The document was deleted. This is what the answer was given:" : error.message;
    body.replaceChildren(element("mark", {}, citation.text));
  }
}

function show(found, citation) {
  // Offsets count code points, as Python does; JavaScript strings count UTF-16 units.
  const characters = Array.from(found.text);
  const from = Math.max(0, citation.start - AROUND);
  const to = Math.min(characters.length, citation.end + AROUND);
  const part = (start, end) => characters.slice(start, end).join("");
  const mark = element("mark", { tabindex: "-1" }, part(citation.start, citation.end));
  title.textContent = found.title || found.source;
  note.textContent = found.source + (from > 0 || to < characters.length ? " · part of it" : "");
  body.replaceChildren(part(from, citation.start), mark, part(citation.end, to));
  mark.scrollIntoView({ block: "center" });
}
