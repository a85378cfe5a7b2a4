// An image from this computer to the image API: straight there, or through the dashboard where the API does not let browsers in.
import { csrf, human, send } from "./transfer.js";

const form = document.getElementById("image-form");
const file = document.getElementById("file");
const drop = document.getElementById("drop");
const bar = document.querySelector("#progress progress");
const text = document.getElementById("progress-text");
const formats = { qcow2: "qcow2", img: "qcow2", raw: "raw", iso: "iso", vmdk: "vmdk", vdi: "vdi", vhd: "vhd", vhdx: "vhdx" };

function chosen() {
  const [one] = file.files;
  if (!one) return;
  document.getElementById("drop-text").textContent = `${one.name}, ${human(one.size)}`;
  if (!form.elements.name.value) form.elements.name.value = one.name.replace(/\.[^.]*$/, "");
  const format = formats[one.name.split(".").pop().toLowerCase()];
  if (format) form.elements.disk_format.value = format;
}
file.addEventListener("change", chosen);
chosen(); // what was chosen before this script was there
for (const name of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") { file.files = event.dataTransfer.files; chosen(); }
  });
}

async function upload(made, one) {
  const began = performance.now();
  const shown = (bytes) => {
    bar.value = (100 * bytes) / Math.max(one.size, 1);
    const rate = bytes / Math.max((performance.now() - began) / 1000, 0.1);
    text.textContent = `${human(bytes)} of ${human(one.size)}, ${human(rate)}/s`;
  };
  try {
    await send("PUT", made.url, one, { "X-Auth-Token": made.token, "Content-Type": "application/octet-stream" }, shown);
  } catch (error) {
    if (error.status !== 0) throw error;
    await send("POST", made.through, one, { "X-CSRFToken": csrf(), "Content-Type": "application/octet-stream" }, shown);
  }
}

form.addEventListener("submit", async (event) => {
  if (form.elements.source.value !== "file") return;
  event.preventDefault();
  const [one] = file.files;
  if (!one) { window.toast("danger", "Choose a file first."); return; }
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  document.getElementById("progress").hidden = false;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-CSRFToken": csrf(), "HX-Request": "true", Accept: "application/json" } });
    if (!answer.ok) throw { text: await answer.text() };
    const made = await answer.json();
    await upload(made, one);
    location.href = made.go;
  } catch (error) {
    window.toast("danger", `The upload failed: ${error.text || error}`);
    button.disabled = false;
  }
});
