// Live charts of one server: counters of the node, read every two seconds, drawn as rates.
(() => {
  const root = document.getElementById("charts");
  const note = document.getElementById("charts-note");
  const samples = [];
  const css = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
  const lines = {
    cpu: [["used", "#4f7df5"]], memory: [["used", "#12a37c"]],
    disk: [["read", "#4f7df5"], ["written", "#e0802a"]], network: [["received", "#4f7df5"], ["sent", "#e0802a"]],
  };
  const rate = (a, b, key) => Math.max(0, (b[key] || 0) - (a[key] || 0)) / Math.max(b.at - a.at, 0.1);
  const value = {
    cpu: (a, b) => [Math.min(100, (rate(a, b, "cpu_ns") / 1e7) / (b.vcpus || 1))],
    memory: (a, b) => [(b.memory_used_kib || 0) / 1024],
    disk: (a, b) => [rate(a, b, "read_bytes") / 1024, rate(a, b, "write_bytes") / 1024],
    network: (a, b) => [rate(a, b, "rx_bytes") / 1024, rate(a, b, "tx_bytes") / 1024],
  };
  const plots = {};
  document.querySelectorAll("[data-chart]").forEach((box) => {
    const kind = box.dataset.chart;
    const axis = { stroke: () => css("--ink-soft"), grid: { stroke: () => css("--line"), width: 1 }, ticks: { show: false } };
    plots[kind] = new uPlot({
      title: box.dataset.title, width: Math.max(260, box.clientWidth - 24), height: 190, cursor: { y: false },
      // always the last five minutes: one sample alone would be given an axis of years
      scales: { x: { range: (u) => { const end = u.data[0].at(-1) ?? Date.now() / 1000; return [end - 300, end]; } }, y: { range: (u, low, high) => [0, kind === "cpu" ? 100 : Math.max(1, high * 1.15)] } },
      axes: [axis, { ...axis, size: 56 }],
      series: [{}, ...lines[kind].map(([label, stroke]) => ({ label, stroke, width: 2, fill: `${stroke}22`, value: (u, v) => (v == null ? "–" : v.toFixed(1)) }))],
    }, [[], ...lines[kind].map(() => [])], box);
  });
  addEventListener("resize", () => document.querySelectorAll("[data-chart]").forEach((box) =>
    plots[box.dataset.chart].setSize({ width: Math.max(260, box.clientWidth - 24), height: 190 })));
  document.addEventListener("theme-changed", () => Object.values(plots).forEach((plot) => plot.redraw()));

  async function read() {
    if (document.hidden) return;
    const answer = await fetch(root.dataset.url, { headers: { "X-Background": "1", Accept: "application/json" } });
    if (!answer.ok) { note.textContent = answer.status === 403 ? "The cloud shows these figures to administrators only." : "There are no figures for this server now."; return; }
    for (const sample of (await answer.json()).samples) {
      if (!samples.length || sample.at > samples.at(-1).at + 0.2) samples.push(sample);
    }
    while (samples.length > 300) samples.shift();
    if (samples.length > 1) note.textContent = "";
    for (const kind of Object.keys(plots)) {
      const data = [[], ...lines[kind].map(() => [])];
      for (let i = 1; i < samples.length; i += 1) {
        data[0].push(samples[i].at);
        value[kind](samples[i - 1], samples[i]).forEach((v, n) => data[n + 1].push(v));
      }
      plots[kind].setData(data);
      if (plots[kind].cursor.idx == null && data[0].length) plots[kind].setLegend({ idx: data[0].length - 1 });
    }
  }
  read();
  setInterval(read, 2000);
})();
