// The events of all projects, newest first.
(() => {
  const rows = document.querySelector("#all-events tbody");
  const filter = document.getElementById("events-filter");
  let after = "";
  const fits = (row) => { row.hidden = !row.textContent.toLowerCase().includes(filter.value.toLowerCase()); };
  function add(event) {
    const row = document.createElement("tr");
    row.dataset.row = "";
    const when = document.createElement("time");
    when.dateTime = event.at;
    when.dataset.ago = "";
    when.textContent = window.ago(new Date(event.at));
    [when, event.type, event.name || event.id || "–", event.error ? `failed ${event.reason}` : event.state || event.task || "–", event.project || "–", event.user || "–"].forEach((value, at) => {
      const cell = document.createElement("td");
      if (at > 3) cell.className = "wide-only";
      cell.append(value);
      row.append(cell);
    });
    fits(row);
    rows.prepend(row);
    while (rows.children.length > 500) rows.lastChild.remove();
  }
  async function read() {
    if (document.hidden && after) return;
    const answer = await fetch(`${document.body.dataset.poll}?all=1&${after ? `after=${after}` : "recent=1"}`, { headers: { "X-Background": "1" } });
    if (!answer.ok) return;
    const found = await answer.json();
    after = found.after;
    found.events.forEach(add);
  }
  filter.addEventListener("input", () => [...rows.children].forEach(fits));
  read();
  setInterval(read, 2000);
})();
