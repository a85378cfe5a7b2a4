// What every page does: toasts, questions before dangerous buttons, filters, bulk choice, the search box, relative times.
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  // ---- toasts -------------------------------------------------------------------------------------------------
  const toasts = $("#toasts");
  function toast(kind, text) {
    const box = document.createElement("div");
    box.className = `toast-line toast-${kind}`;
    box.textContent = text;
    const close = document.createElement("button");
    close.className = "btn-close";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => box.remove());
    box.append(close);
    toasts.append(box);
    setTimeout(() => box.remove(), kind === "danger" ? 15000 : 6000);
  }
  window.toast = toast;
  if (toasts.dataset.text) toast(toasts.dataset.kind, toasts.dataset.text);
  document.body.addEventListener("toast", (event) => toast(event.detail.kind, event.detail.text));
  document.body.addEventListener("htmx:sendError", () => toast("danger", "The dashboard does not answer. Is the network up?"));

  // ---- questions ----------------------------------------------------------------------------------------------
  const ask = $("#ask");
  document.body.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    $("#ask-text").textContent = event.detail.question;
    ask.onclose = () => { if (ask.returnValue === "yes") event.detail.issueRequest(true); };
    ask.returnValue = "no";
    ask.showModal();
  });

  // ---- filter and bulk choice -----------------------------------------------------------------------------------
  function filter(input) {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = $$("[data-row]", input.closest("#listing") || document);
    let shown = 0;
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    });
    const count = $("[data-count]");
    if (count && words.length) count.textContent = `${shown} / ${rows.length}`;
    else if (count) count.textContent = rows.length;
  }
  function chosen() {
    const bulk = $("[data-bulk]");
    if (!bulk) return;
    const count = $$("[data-check]:checked").length;
    bulk.hidden = count === 0;
    $("[data-bulk-count]").textContent = count;
  }
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]:not([hx-get])")) filter(event.target);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-check-all]")) {
      $$("[data-row]:not([hidden]) [data-check]").forEach((box) => { box.checked = event.target.checked; });
    }
    if (event.target.matches("[data-check], [data-check-all]")) chosen();
  });
  document.addEventListener("submit", (event) => { if (event.target.id === "listing-form") event.preventDefault(); });
  // a refreshed table keeps what was typed and chosen
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "listing") return;
    const checked = new Set($$("[data-check]:checked").map((box) => box.value));
    const typed = $("[data-filter]")?.value || "";
    document.body.addEventListener("htmx:afterSettle", () => {
      $$("[data-check]").forEach((box) => { box.checked = checked.has(box.value); });
      const input = $("[data-filter]");
      if (input && !input.hasAttribute("hx-get")) { input.value = typed; filter(input); }
      chosen();
      ages();
    }, { once: true });
  });
  // a table is not replaced under an open menu
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "listing" && $("#listing .dropdown-menu.show")) event.preventDefault();
  });

  // ---- search ---------------------------------------------------------------------------------------------------
  const palette = $("#palette");
  function openSearch() {
    if (palette.open) return;
    palette.showModal();
    const input = $("#palette-q");
    input.value = "";
    input.focus();
    htmx.trigger(input, "load-search");
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-search-open]")) openSearch();
    if (event.target === palette) palette.close();
    const save = event.target.closest("[data-save]");
    if (save) {
      const part = $(save.dataset.save);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([$("pre", part).textContent], { type: "text/plain" }));
      link.download = part.dataset.download;
      link.click();
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard?.writeText($("pre", copy.parentElement).textContent);
      toast("success", "Copied.");
    }
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openSearch();
    } else if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable], dialog")) {
      const input = $("[data-filter]");
      if (input) { event.preventDefault(); input.focus(); }
    } else if (palette.open && ["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) {
      const hits = $$(".palette-hit", palette);
      const at = hits.indexOf($(".palette-hit.on", palette));
      if (event.key === "Enter") {
        event.preventDefault();
        (hits[Math.max(at, 0)])?.click();
        return;
      }
      event.preventDefault();
      hits[at]?.classList.remove("on");
      const next = hits[(at + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length];
      next?.classList.add("on");
      next?.scrollIntoView({ block: "nearest" });
    }
  });

  // ---- times ----------------------------------------------------------------------------------------------------
  const relative = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto" });
  function ago(date) {
    const seconds = (date - Date.now()) / 1000;
    for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
      if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
    }
    return relative.format(Math.round(seconds), "second");
  }
  function ages() {
    $$("time[data-ago]").forEach((time) => { time.textContent = ago(new Date(time.dateTime)); });
  }
  window.ago = ago;
  ages();
  setInterval(ages, 20000);
  document.body.addEventListener("htmx:load", ages);

  // ---- parts of a form that belong to a choice: data-when="field=value" ----------------------------------------
  function dependent() {
    $$("[data-when]").forEach((part) => {
      const [name, value] = part.dataset.when.split("=");
      const field = $(`[name="${name}"]:checked`) || $(`select[name="${name}"]`);
      part.hidden = !field || !value.split("|").includes(field.value);
      $$("input, select, textarea", part).forEach((input) => { input.disabled = part.hidden; });
    });
  }
  document.addEventListener("change", dependent);
  dependent();

  // ---- tabs that are links to #parts --------------------------------------------------------------------------
  const csrf = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  window.postForm = (url, fields = {}) => fetch(url, {
    method: "POST", headers: { "X-CSRFToken": csrf(), Accept: "application/json" }, body: new URLSearchParams(fields),
  });
})();
