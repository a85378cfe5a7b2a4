// Light, dark, or as the system says. Runs before the page is drawn, so that nothing flashes.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = localStorage.getItem("theme") || "auto";
    root.dataset.themeChoice = choice;
    root.setAttribute("data-bs-theme", choice === "auto" ? (system.matches ? "dark" : "light") : choice);
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const order = ["auto", "light", "dark"];
    const now = localStorage.getItem("theme") || "auto";
    localStorage.setItem("theme", order[(order.indexOf(now) + 1) % 3]);
    apply();
    document.dispatchEvent(new CustomEvent("theme-changed"));
  });
})();
