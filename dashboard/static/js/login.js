// Shows the fields of the chosen way of logging in.
const kinds = document.querySelectorAll("[data-shows]");
const show = () => kinds.forEach((kind) => {
  const part = document.getElementById(kind.dataset.shows);
  part.hidden = !kind.checked;
  part.querySelectorAll("input").forEach((input) => { input.disabled = !kind.checked; });
});
kinds.forEach((kind) => kind.addEventListener("change", show));
show();
