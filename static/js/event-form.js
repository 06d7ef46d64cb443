// The form of an event does without this. With it the end moves along with the start, a single chosen weekday, day of the
// month or place in it with the date, nobody leaves by mistake what she has typed, and who comes back to a form that she has
// sent has that form before her, though the browser has fetched a new one.
(() => {
  const form = document.querySelector(".event-form");
  const field = (name) => form.elements.namedItem(name);
  const parts = (name) => [field(`${name}_date`)?.value, field(`${name}_time`)?.value || "00:00"];
  const moment = (name) => Date.parse(parts(name).join("T") + "Z");
  const pad = (number) => String(number).padStart(2, "0");
  const days = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
  const nth = (day) => String(day.getUTCDate() > 28 ? -1 : Math.ceil(day.getUTCDate() / 7));
  let start = field("start_date") && moment("start");

  const moveEnd = (by) => {
    const end = new Date(moment("end") + by);
    if (Number.isNaN(end.getTime())) return;
    field("end_date").value = end.toISOString().slice(0, 10);
    if (field("end_time").value) field("end_time").value = `${pad(end.getUTCHours())}:${pad(end.getUTCMinutes())}`;
  };
  const moveRule = (before, after) => {
    const chosen = [...form.querySelectorAll("[name=weekdays]:checked")];
    const [from, to] = [before, after].map((one) => days[one.getUTCDay()]);
    if (chosen.length === 1 && chosen[0].value === from) {
      chosen[0].checked = false;
      form.querySelector(`[name=weekdays][value=${to}]`).checked = true;
    }
    const day = field("month_day");
    if (day && day.value === String(before.getUTCDate())) day.value = after.getUTCDate();
    for (const [name, of] of [["index", nth], ["kind_of_day", (one) => days[one.getUTCDay()]]]) {
      if (field(name)?.value === of(before)) field(name).value = of(after);
    }
    const month = field("month");
    if (month && month.value === String(before.getUTCMonth() + 1)) month.value = after.getUTCMonth() + 1;
  };
  const once = field("once");
  if (once && history.state?.once) once.value = history.state.once;
  else if (once) history.replaceState({ ...history.state, once: once.value }, "");

  form.addEventListener("change", (event) => {
    if (!["start_date", "start_time"].includes(event.target.name)) return;
    const now = moment("start");
    if (Number.isNaN(now)) return;
    if (!Number.isNaN(start)) {
      moveEnd(now - start);
      moveRule(new Date(start), new Date(now));
    }
    start = now;
  });

  let typed = Boolean(document.querySelector(".notice-danger, .notice-warning[role=alert]"));
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { typed = false; });
  form.querySelectorAll(".actions a").forEach((link) => link.addEventListener("click", () => { typed = false; }));
  window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
})();
