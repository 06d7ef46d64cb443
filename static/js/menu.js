// An open menu closes by Escape, which gives the focus back to its name, and by a click or a step of the focus out of it.
(() => {
  const open = () => document.querySelector("details.menu[open]");
  const leave = (event) => {
    const menu = open();
    if (menu && !menu.contains(event.target)) menu.open = false;
  };
  document.addEventListener("keydown", (event) => {
    const menu = open();
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", leave);
  document.addEventListener("focusin", leave);
})();
