// Drag and zoom of the topology picture: moves the viewBox.
(() => {
  let drag = null;
  const picture = () => document.getElementById("topology-picture");
  const box = (svg) => svg.viewBox.baseVal;
  document.addEventListener("wheel", (event) => {
    const svg = event.target.closest("#topology-picture");
    if (!svg || !event.ctrlKey) return;
    event.preventDefault();
    const view = box(svg);
    const by = event.deltaY > 0 ? 1.12 : 0.89;
    const frame = svg.getBoundingClientRect();
    const [px, py] = [(event.clientX - frame.x) / frame.width, (event.clientY - frame.y) / frame.height];
    view.x += view.width * px * (1 - by);
    view.y += view.height * py * (1 - by);
    view.width *= by;
    view.height *= by;
  }, { passive: false });
  document.addEventListener("pointerdown", (event) => {
    const svg = event.target.closest("#topology-picture");
    if (svg && !event.target.closest("a")) drag = { x: event.clientX, y: event.clientY };
  });
  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const svg = picture();
    const view = box(svg);
    const scale = view.width / svg.getBoundingClientRect().width;
    view.x -= (event.clientX - drag.x) * scale;
    view.y -= (event.clientY - drag.y) * scale;
    drag = { x: event.clientX, y: event.clientY };
  });
  document.addEventListener("pointerup", () => { drag = null; });
})();
