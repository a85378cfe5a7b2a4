// Sending files with progress.
export const human = (bytes) => {
  let number = bytes;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (number < 1024) return `${number.toFixed(unit === "B" ? 0 : 1)} ${unit}`;
    number /= 1024;
  }
  return `${number.toFixed(1)} TiB`;
};

export const csrf = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

// Whoever leaves the page while something is being sent is asked first: it would be lost.
let sending = 0;
addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });

// Sends `blob`; `onProgress(bytes)` is told how far. Rejects with {status, text}; status 0: no answer, or the browser may not ask there.
export function send(method, url, blob, headers, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    Object.entries(headers).forEach(([name, value]) => request.setRequestHeader(name, value));
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(request);
      else reject({ status: request.status, text: request.responseText.slice(0, 300) });
    });
    request.addEventListener("error", () => reject({ status: 0, text: "no answer" }));
    request.addEventListener("abort", () => reject({ status: -1, text: "stopped" }));
    request.addEventListener("loadend", () => { sending -= 1; });
    sending += 1;
    request.send(blob);
  });
}
