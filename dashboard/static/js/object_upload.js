// Files and folders into a container: with progress; large ones in segments, so that a broken upload goes on where it stopped.
import { csrf, human, send } from "./transfer.js";

const SEGMENT = 32 * 1024 * 1024;
const drop = document.getElementById("drop");
const input = document.getElementById("files");
const transfers = document.getElementById("transfers");
const at = (path, query) => `${path}?${new URLSearchParams(query)}`;

function line(name) {
  const box = document.createElement("div");
  box.className = "py-1";
  const text = document.createElement("div");
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", name);
  text.textContent = name;
  box.append(text, bar);
  transfers.append(box);
  return { set: (bytes, total) => { bar.value = (100 * bytes) / Math.max(total, 1); text.textContent = `${name}: ${human(bytes)} of ${human(total)}`; },
    fail: (why) => { text.textContent = `${name}: ${why}. Drop it again to go on.`; box.classList.add("text-danger"); }, done: () => box.remove() };
}

async function whole(name, file, show) {
  await send("POST", at(drop.dataset.upload, { name }), file, { "X-CSRFToken": csrf(), "X-File-Type": file.type || "application/octet-stream" }, (bytes) => show.set(bytes, file.size));
}

async function inSegments(name, file, show) {
  const prefix = `${name}/${file.size}-${file.lastModified}/`;
  const there = new Map((await (await fetch(at(drop.dataset.segments, { prefix }))).json()).segments.map((s) => [s.name, s]));
  const parts = [];
  for (let start = 0, number = 0; start < file.size; start += SEGMENT, number += 1) {
    const blob = file.slice(start, start + SEGMENT);
    const segment = prefix + String(number).padStart(8, "0");
    let part = there.get(segment);
    if (!part || part.bytes !== blob.size) {
      const answer = await send("POST", at(drop.dataset.upload, { name, segment, ...(number === 0 ? { first: "1" } : {}) }), blob,
        { "X-CSRFToken": csrf(), "X-File-Type": "application/octet-stream" }, (bytes) => show.set(start + bytes, file.size));
      part = { name: segment, bytes: blob.size, etag: JSON.parse(answer.responseText).etag };
    }
    show.set(start + blob.size, file.size);
    parts.push(part);
  }
  const body = JSON.stringify({ name, type: file.type, segments: parts });
  await send("POST", drop.dataset.assemble, body, { "X-CSRFToken": csrf(), "Content-Type": "application/json", "HX-Request": "true" }, () => {});
}

async function upload(files) {
  let failed = 0;
  for (const { path, file } of files) {
    const name = drop.dataset.prefix + path;
    const show = line(path);
    try {
      await (file.size > SEGMENT ? inSegments : whole)(name, file, show);
      show.done();
    } catch (error) {
      failed += 1;
      show.fail(error.text || String(error));
    }
  }
  if (failed) window.toast("danger", files.length === 1 ? "The upload failed." : `${failed} of ${files.length} uploads failed.`);
  else window.toast("success", files.length === 1 ? "The upload is done." : `${files.length} uploads are done.`);
  htmx.trigger(document.body, "refresh-listing");
}

async function walk(entry, path = "") {
  if (entry.isFile) return [{ path: path + entry.name, file: await new Promise((yes, no) => entry.file(yes, no)) }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((yes, no) => reader.readEntries(yes, no));
    if (!some.length) return found;
    for (const one of some) found.push(...await walk(one, `${path}${entry.name}/`));
  }
}

// The field is emptied, so that choosing the same file again is a change.
function chosen() {
  const files = [...input.files].map((file) => ({ path: file.name, file }));
  input.value = "";
  if (files.length) upload(files);
}

if (drop) {
  input.addEventListener("change", chosen);
  chosen(); // what was chosen before this script was there
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, async (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name !== "drop") return;
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
      const found = [];
      for (const entry of entries) found.push(...await walk(entry));
      upload(found);
    });
  }
}
