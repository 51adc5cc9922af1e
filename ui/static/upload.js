// Uploads one file after the other and says how far each is; XMLHttpRequest, for fetch tells no progress.

import { element, enliven } from "./dom.js";

const form = document.getElementById("upload");
if (form) enliven(form, async () => {
  const input = form.elements.file;
  const button = form.querySelector("button");
  const list = document.getElementById("uploads");
  const most = Number(form.dataset.limit) * 2 ** 20;
  button.disabled = true;
  list.replaceChildren();
  let failed = 0;
  for (const file of input.files) {
    const progress = element("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
    const words = element("span", {}, "");
    list.append(element("li", {}, `${file.name} `, progress, " ", words));
    try {
      if (file.size > most) throw new Error(`is larger than ${form.dataset.limit} MiB`);
      words.textContent = said(await upload(file, progress, words));
    } catch (error) {
      failed += 1;
      words.className = "problem";
      words.textContent = error.message;
    }
    progress.remove();
  }
  button.disabled = false;
  input.value = "";
  if (!failed) setTimeout(() => location.assign("/admin/documents"), 700);
});

function upload(file, progress, words) {
  const request = new XMLHttpRequest();
  request.open("POST", "/api/documents");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => {
    progress.value = event.loaded / event.total;
    if (event.loaded === event.total) {
      progress.removeAttribute("value");
      words.textContent = "is being read …";
    }
  });
  return new Promise((resolve, reject) => {
    request.addEventListener("load", () => {
      if (request.status === 201) resolve(request.response);
      else reject(new Error(request.response?.detail ?? `was refused (${request.status})`));
    });
    request.addEventListener("error", () => reject(new Error("The server cannot be reached.")));
    const body = new FormData();
    body.append("file", file);
    request.send(body);
  });
}

function said(added) {
  const chunks = added.reduce((sum, one) => sum + one.chunks, 0);
  if (added.every((one) => one.status === "unchanged")) return "was here already, unchanged";
  return `${added.length === 1 ? added[0].status : `${added.length} documents`}, ${chunks} ${chunks === 1 ? "chunk" : "chunks"}`;
}
