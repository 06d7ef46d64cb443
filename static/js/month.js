// Arrow keys go from day to day in a month, Page Up and Page Down from month to month, where the focus stays among the days.
// Everything is reached without them.
(() => {
  const days = [...document.querySelectorAll(".month [data-day]")];
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  const follow = (rel) => {
    const link = document.querySelector(`.calendar-steps [rel=${rel}]`);
    if (link) location.assign(`${link.href}#days`);
  };
  if (location.hash === "#days") {
    (days.find((day) => day.closest(".month-today:not(.month-other)")) ?? days.find((day) => !day.closest(".month-other")))?.focus();
  }
  document.querySelector(".month")?.addEventListener("keydown", (event) => {
    const at = days.indexOf(event.target);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "PageUp" || event.key === "PageDown") follow(event.key === "PageUp" ? "prev" : "next");
    else if (event.key in steps) days[at + steps[event.key]]?.focus();
    else if (event.key === "Home") days[at - (at % 7)].focus();
    else if (event.key === "End") days[at - (at % 7) + 6].focus();
    else return;
    event.preventDefault();
  });
})();
