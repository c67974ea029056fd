// What was written before a sign-in goes on to its form at once, where it is shown again.
document.querySelector("form.kept")?.submit();

// Menus are <details>: they work without this. It only closes them when one looks elsewhere.
const opened = () => document.querySelectorAll("details[data-drop][open]");

document.addEventListener("click", (event) => {
  for (const menu of opened()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of opened()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
