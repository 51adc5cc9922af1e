// An answer as elements: paragraphs, lists, code, emphasis, and citations as buttons.
// What a model writes is never parsed as HTML.

import { element } from "./dom.js";

const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\[(\d{1,3})\]/g;

/** Replaces the content of ``target`` by ``text``; known citations become buttons that call ``open``. */
export function showProse(target, text, citations, open) {
  const known = new Map(citations.map((one) => [one.number, one]));
  target.replaceChildren(...blocks(text, (part) => inline(part, known, open)));
}

/** The passages an answer rests on, below it. */
export function sourceList(citations, open) {
  if (!citations.length) return null;
  const items = citations.map((one) =>
    element("li", {}, element("button", { type: "button", onclick: () => open(one) }, element("span", {}, `[${one.number}] ${one.title || "Untitled"}`))));
  return element("ul", { class: "sources", "aria-label": "Sources" }, ...items);
}

function blocks(text, write) {
  const made = [];
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  while (lines.length) {
    const line = lines[0];
    if (!line.trim()) lines.shift();
    else if (line.startsWith("```")) made.push(code(lines));
    else if (/^\s*[-*] /.test(line)) made.push(list("ul", lines, /^\s*[-*] /, write));
    else if (/^\s*\d{1,3}[.)] /.test(line)) made.push(list("ol", lines, /^\s*\d{1,3}[.)] /, write));
    else if (/^#{1,6} /.test(line)) made.push(element("p", {}, element("strong", {}, ...write(lines.shift().replace(/^#+ /, "")))));
    else made.push(paragraph(lines, write));
  }
  return made;
}

function code(lines) {
  lines.shift();
  const inside = [];
  while (lines.length && !lines[0].startsWith("```")) inside.push(lines.shift());
  lines.shift();
  return element("pre", {}, element("code", {}, inside.join("\n")));
}

function list(name, lines, marker, write) {
  const made = element(name);
  while (lines.length && marker.test(lines[0])) made.append(element("li", {}, ...write(lines.shift().replace(marker, ""))));
  return made;
}

function paragraph(lines, write) {
  const made = element("p");
  while (lines.length && lines[0].trim() && !/^(```|#{1,6} |\s*[-*] |\s*\d{1,3}[.)] )/.test(lines[0])) {
    if (made.childNodes.length) made.append(element("br"));
    made.append(...write(lines.shift()));
  }
  return made;
}

function inline(text, known, open) {
  const made = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    made.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[1]) made.push(element("code", {}, match[1]));
    else if (match[2]) made.push(element("strong", {}, match[2]));
    else made.push(citation(match[0], known.get(Number(match[3])), open));
  }
  made.push(text.slice(at));
  return made.filter((part) => part !== "");
}

function citation(words, found, open) {
  if (!found) return words;
  const label = `Passage ${found.number}: ${found.title || "Untitled"}`;
  return element("button", { type: "button", class: "cite", "aria-label": label, title: found.title, onclick: () => open(found) }, String(found.number));
}
