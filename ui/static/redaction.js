// The redaction policy as a form: read back into the JSON that the API takes.

import { call } from "./api.js";
import { enliven } from "./dom.js";

const form = document.getElementById("policy");

enliven(form, async () => {
  const problem = form.querySelector("[data-problem]");
  const button = form.querySelector("button");
  problem.hidden = true;
  button.disabled = true;
  try {
    await call("PUT", `/api/redaction/policy?based_on=${form.dataset.version}`, policy());
    location.reload();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
    button.disabled = false;
  }
});

function policy() {
  const operators = {};
  for (const field of form.querySelectorAll("[data-kind]")) if (field.value) operators[field.dataset.kind] = field.value;
  return {
    operators,
    default: form.elements.default.value,
    allow: lines("allow"),
    deny: lines("deny"),
    patterns: lines("patterns").map((line) => {
      const [, kind, pattern] = line.match(/^(\S+)\s+(.+)$/) ?? [];
      if (!pattern) throw new Error(`“${line}” is not a kind, a space and an expression.`);
      return { kind, pattern };
    }),
  };
}

function lines(name) {
  return form.elements[name].value.split("\n").map((line) => line.trim()).filter(Boolean);
}
