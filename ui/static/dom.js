// Building elements without markup in strings: text stays text.

/** An element with properties (class, data-…, on…) and children. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** Lets a form that this page's scripts send be sent; until then its buttons take no clicks, which would be lost. */
export function enliven(form, submit) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  form.dataset.live = "";
}

/** Asks in a dialog; resolves to true when the person agrees. */
export function confirmed(question, yes = "Yes") {
  const agree = element("button", { class: "primary", value: "yes" }, yes);
  const dialog = element(
    "dialog",
    { "aria-label": question },
    element("form", { method: "dialog", class: "stack" },
      element("p", {}, question),
      element("div", { class: "row" }, agree, element("button", { value: "no" }, "Cancel"))),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
