// Live events: one stream if the server has one free, else a question every few seconds. Fills the task panel, wakes the tables.
(() => {
  const body = document.body;
  const list = document.querySelector("#tasks-list tbody");
  const last = document.querySelector("#tasks-last");
  const live = document.querySelector("#live");
  const liveText = document.querySelector("#live-text");
  let after = "";
  let wake = 0;

  const verbs = { start: "…", end: "", error: "failed" };
  function words(event) {
    const parts = event.type.split(".");
    const end = parts.at(-1) in verbs ? parts.pop() : "";
    const thing = parts.length > 2 ? parts.slice(1).join(" ") : parts.join(" ");
    return { text: `${thing.replaceAll("_", " ")} ${event.name || event.id || ""}`.trim(), end };
  }
  function result(event, end) {
    if (event.error || end === "error") return ["failed", event.reason || "failed"];
    if (end === "start") return ["running", event.progress ? `${event.progress} %` : "running"];
    return ["done", event.state || "done"];
  }
  function show(event) {
    const { text, end } = words(event);
    const [kind, said] = result(event, end);
    const key = `${event.type.replace(/\.(start|end|error)$/, "")} ${event.id}`;
    const row = document.createElement("tr");
    row.dataset.key = key;
    row.className = `task task-${kind}`;
    const when = document.createElement("time");
    when.dateTime = event.at;
    when.dataset.ago = "";
    when.textContent = window.ago(new Date(event.at));
    for (const content of [when, text, event.user === body.dataset.user ? "you" : (event.user || "–").slice(0, 8), said]) {
      const cell = document.createElement("td");
      cell.append(content);
      row.append(cell);
    }
    [...list.children].filter((old) => old.dataset.key === key && old.classList.contains("task-running")).forEach((old) => old.remove());
    list.prepend(row);
    while (list.children.length > 100) list.lastChild.remove();
    document.querySelector(".tasks-empty").hidden = true;
    last.textContent = `${text}: ${said}`;
    last.className = `tasks-last task-${kind}`;
  }
  function told(event) {
    show(event);
    body.dispatchEvent(new CustomEvent("cloud", { detail: event }));
    const waiting = [...document.querySelectorAll("[data-topic]")].some((part) =>
      part.dataset.topic.split(" ").some((topic) => event.type.startsWith(topic)));
    if (waiting && !wake) {
      wake = setTimeout(() => { wake = 0; htmx.trigger(body, "refresh-listing"); }, 300);
    }
  }

  function mark(state, text) {
    live.dataset.state = state;
    live.title = text;
    liveText.textContent = text;
  }
  async function poll(recent) {
    try {
      const answer = await fetch(`${body.dataset.poll}?${recent ? "recent=1" : `after=${after}`}`, { headers: { "X-Background": "1", Accept: "application/json" } });
      if (answer.status === 401) { location.href = answer.headers.get("HX-Redirect") || "/login"; return; }
      const found = await answer.json();
      after = found.after;
      found.events.forEach(recent ? show : told);
    } catch { mark("off", "no live updates"); }
  }
  // The stream of this page comes instead of the one of the page before, which the server would only miss at its next write.
  // The name is kept while no page shows it, so that a duplicated tab does not take the stream of the first.
  const page = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const instead = sessionStorage.getItem("stream") || "";
  sessionStorage.removeItem("stream");
  let polling = 0;
  function startPolling() {
    if (polling) return;
    mark("poll", "live, every 3 seconds");
    polling = setInterval(() => { if (!document.hidden) poll(false); }, 3000);
    setTimeout(() => stream(), 30000);
  }
  function stopPolling() {
    clearInterval(polling);
    polling = 0;
  }
  function stream() {
    const source = new EventSource(`${body.dataset.events}?after=${after}&page=${page}&instead=${instead}`);
    source.addEventListener("hello", () => { stopPolling(); mark("on", "live"); });
    source.addEventListener("cloud", (message) => { after = message.lastEventId; told(JSON.parse(message.data)); });
    source.addEventListener("ended", () => { source.close(); location.reload(); });
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) { stopPolling(); startPolling(); }
      else mark("poll", "connecting again");
    };
    addEventListener("pagehide", () => { source.close(); sessionStorage.setItem("stream", page); });
  }
  poll(true).then(() => stream());

  const bar = document.querySelector(".tasks-bar");
  bar.addEventListener("click", () => {
    const panel = document.querySelector("#tasks-list");
    panel.hidden = !panel.hidden;
    bar.setAttribute("aria-expanded", String(!panel.hidden));
    localStorage.setItem("tasks", panel.hidden ? "" : "open");
  });
  if (localStorage.getItem("tasks")) bar.click();
})();
